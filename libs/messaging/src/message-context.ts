import { type TenantContext } from '@parley/contracts';

/** What a handler knows about the message besides its payload. */
export interface MessageContext {
  tenant: TenantContext;
  /** The same for every delivery of a message: the key of idempotent work. */
  messageId: string;
  /** From 1. */
  attempt: number;
  /** The broker has delivered it before; that delivery may have done its work, or part of it. */
  redelivered: boolean;
  requestId: string;
  /** When nobody waits for the answer any more; null for commands and events. */
  deadline: Date | null;
  /** Aborted when the time of the handler is over: past its deadline, or the app stops. */
  signal: AbortSignal;
}
