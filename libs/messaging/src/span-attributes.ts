import { type SpanAttributes } from '@parley/observability';

/** Semantic conventions of OpenTelemetry for calls over the broker. */
export function rpcAttributes(wireName: string): SpanAttributes {
  const [service, method] = wireName.split('.');
  return { 'rpc.system': 'rabbitmq', 'rpc.service': service, 'rpc.method': method };
}

/** The same for commands, events and signals. */
export function messagingAttributes(operation: 'send' | 'process', wireName: string): SpanAttributes {
  return {
    'messaging.system': 'rabbitmq',
    'messaging.operation.type': operation,
    'messaging.operation.name': operation,
    'messaging.destination.name': wireName,
  };
}
