import { DomainError, type MessageDefinition, ownerOf } from '@parley/contracts';
import { type BeginOptions, reportError, type Tracing } from '@parley/observability';
import { type Envelope } from '../envelope.js';
import { type MessageContext } from '../message-context.js';
import { messagingAttributes, rpcAttributes } from '../span-attributes.js';

export interface Received {
  definition: MessageDefinition;
  envelope: Envelope;
}

/** Runs a handler as part of the request that caused its message. */
export function inScopeOf<T>(tracing: Tracing, { definition, envelope }: Received, work: () => Promise<T>): Promise<T> {
  const { requestId, traceparent, tenant } = envelope;
  const scope = { requestId, traceparent, tenantId: tenant.tenantId };
  const watched = () => work().catch((error: unknown) => unexpected(error, definition));
  return tracing.isOn
    ? tracing.run(scope, ...spanOf(definition, envelope), watched)
    : tracing.run(scope, definition.name, {}, watched);
}

/** An error with a code is an answer; any other is told to whoever mends the program. */
function unexpected(error: unknown, definition: MessageDefinition): never {
  if (!(error instanceof DomainError)) reportError(error, { app: ownerOf(definition), message: definition.name });
  throw error;
}

/** What is asked or signalled outside of a trace, as health checks do, begins none; a command without one does. */
function spanOf({ kind, name }: MessageDefinition, envelope: Envelope): [string, BeginOptions] {
  const { messageId, attempt, requestId, tenant } = envelope;
  const shared = { 'parley.request.id': requestId, 'parley.tenant.id': tenant.tenantId };
  if (kind === 'rpc')
    return [name, { kind: 'server', onlyContinues: true, attributes: { ...rpcAttributes(name), ...shared } }];
  const attributes = {
    ...messagingAttributes('process', name),
    'messaging.message.id': messageId,
    'parley.attempt': attempt,
    ...shared,
  };
  return [`process ${name}`, { kind: 'consumer', onlyContinues: kind === 'signal', attributes }];
}

export function contextOf(envelope: Envelope, signal: AbortSignal): MessageContext {
  const { tenant, messageId, attempt, redelivered, requestId, deadline } = envelope;
  return { tenant, messageId, attempt, redelivered, requestId, deadline, signal };
}
