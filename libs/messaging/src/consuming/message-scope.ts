import { requestScope } from '@parley/observability';
import { type Envelope } from '../envelope.js';
import { type MessageContext } from '../message-context.js';

/** Runs a handler as part of the request that caused its message. */
export function inScopeOf<T>(envelope: Envelope, work: () => Promise<T>): Promise<T> {
  const { requestId, traceparent, tenant } = envelope;
  return requestScope.run({ requestId, traceparent, tenantId: tenant.tenantId }, work);
}

export function contextOf(envelope: Envelope, signal: AbortSignal): MessageContext {
  const { tenant, messageId, attempt, redelivered, requestId, deadline } = envelope;
  return { tenant, messageId, attempt, redelivered, requestId, deadline, signal };
}
