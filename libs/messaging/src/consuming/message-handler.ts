import {
  type CommandDefinition,
  type EventDefinition,
  type RpcDefinition,
  type SignalDefinition,
} from '@parley/contracts';
import { type MessageContext } from '../message-context.js';

export interface WorkOptions {
  /** Messages held by one instance at a time; default 10. */
  prefetch?: number;
  /** Messages worked on at a time; default: all that are held. */
  concurrency?: number;
  /** How long a handler may take before its signal is aborted; default 10 minutes. */
  timeoutMs?: number;
  /** Tries after which the message is dead-lettered as `retries_exhausted`; default 5. */
  maxAttempts?: number;
}

type Invoke = (payload: object, context: MessageContext) => Promise<unknown>;

export interface RpcHandler {
  definition: RpcDefinition<object, unknown>;
  invoke: Invoke;
}

export interface WorkHandler {
  definition: CommandDefinition<object> | EventDefinition<object>;
  options: Required<WorkOptions>;
  invoke: Invoke;
}

export interface SignalHandler {
  definition: SignalDefinition<object>;
  invoke: Invoke;
}

export function withWorkDefaults(options: WorkOptions): Required<WorkOptions> {
  const prefetch = options.prefetch ?? 10;
  return {
    prefetch,
    concurrency: options.concurrency ?? prefetch,
    timeoutMs: options.timeoutMs ?? 600_000,
    maxAttempts: options.maxAttempts ?? 5,
  };
}
