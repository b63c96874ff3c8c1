import { AsyncLocalStorage } from 'node:async_hooks';
import { type Span } from './tracing/span.js';

export interface RequestScopeFields {
  requestId: string;
  /** W3C trace context: of the span under way, or passed on as it came. */
  traceparent?: string | undefined;
  /** What is being traced; absent while tracing is off. */
  span?: Span | undefined;
  /** For logs alone: who may do what is decided by the TenantContext that is passed explicitly. */
  tenantId?: string | undefined;
}

const storage = new AsyncLocalStorage<RequestScopeFields>();

/** What belongs to the request being worked on and must not be passed by hand: ids for logs and traces. */
export const requestScope = {
  run<T>(fields: RequestScopeFields, work: () => T): T {
    return storage.run(fields, work);
  },
  get current(): RequestScopeFields | undefined {
    return storage.getStore();
  },
  get requestId(): string | undefined {
    return storage.getStore()?.requestId;
  },
  get traceparent(): string | undefined {
    return storage.getStore()?.traceparent;
  },
};
