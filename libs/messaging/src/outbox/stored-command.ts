import { type TenantContext } from '@parley/contracts';

/** A command as the outbox keeps it. */
export interface StoredCommand {
  messageId: string;
  /** The wire name. */
  name: string;
  payload: unknown;
  tenant: TenantContext;
  requestId: string;
  /** W3C trace context of what caused it. */
  traceparent?: string | undefined;
  /** Which try at handling it this will be, from 1. */
  attempt: number;
}
