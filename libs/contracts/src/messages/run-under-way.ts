import { IsUUID } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type RunView } from './run-control.js';

export class RunUnderWayRequest {
  @IsUUID()
  conversationId!: string;
}

export interface RunUnderWayReply {
  /** Of several the newest; null when nothing is being written, or there is no such conversation. */
  run: RunView | null;
}

/** What is being written in a conversation: there may be no message of it yet. */
export const FindRunUnderWay = defineRpc<RunUnderWayReply>()({
  name: 'chat.find-run-under-way.v1',
  request: RunUnderWayRequest,
});
