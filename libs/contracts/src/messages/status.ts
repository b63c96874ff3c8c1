import { defineRpc } from '../message-definition.js';

export class GetStatusRequest {}

/** A provider of language models, as the process that answers sees it. */
export interface ProviderStatus {
  name: string;
  /** `open`: it fails and is given a pause; `half-open`: one request tries whether that is over. */
  state: 'closed' | 'open' | 'half-open';
  reachable: boolean;
  /** Requests that it is serving, and those that wait for a place. */
  active: number;
  queued: number;
  /** Null: no limit. */
  maxActive: number | null;
}

export interface ServiceStatus {
  version: string;
  database: boolean;
  /** Null for services that use no language model; false is degraded, not down. */
  llm: boolean | null;
  /** Absent from services that ask no language model. */
  providers?: ProviderStatus[];
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
