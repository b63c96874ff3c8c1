import { defineRpc } from '../message-definition.js';

export class GetStatusRequest {}

export interface ServiceStatus {
  version: string;
  database: boolean;
  /** Null for services that use no language model; false is degraded, not down. */
  llm: boolean | null;
}

export const GetChatStatus = defineRpc<ServiceStatus>()({
  name: 'chat.get-status.v1',
  request: GetStatusRequest,
  timeoutMs: 2_000,
});
export const GetMemoryStatus = defineRpc<ServiceStatus>()({
  name: 'memory.get-status.v1',
  request: GetStatusRequest,
  timeoutMs: 2_000,
});
