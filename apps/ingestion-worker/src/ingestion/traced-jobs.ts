import { Injectable } from '@nestjs/common';
import { JobTraces, type Lease } from '@parley/knowledge';
import { currentSpan, requestScope, Tracing } from '@parley/observability';

/**
 * Attempts at jobs, each in the trace of what caused the job: that of its upload, not that of the wake-up which happened
 * to make a worker take it. A later attempt is linked to the first.
 */
@Injectable()
export class TracedJobs {
  constructor(
    private readonly tracing: Tracing,
    private readonly traces: JobTraces,
  ) {}

  run(lease: Lease, work: () => Promise<void>): Promise<void> {
    const { jobId, documentId, knowledgeBaseId, attempt, traceparent, firstAttemptTraceparent } = lease;
    const { requestId = jobId, traceparent: wakeUp } = requestScope;
    const { tenantId } = lease.tenant;
    const scope = { requestId, tenantId, traceparent: traceparent ?? undefined };
    const attributes = {
      'parley.tenant.id': tenantId,
      'parley.job.id': jobId,
      'parley.document.id': documentId,
      'parley.knowledge_base.id': knowledgeBaseId,
      'parley.attempt': attempt,
    };
    const links = [wakeUp, firstAttemptTraceparent];
    return this.tracing.run(scope, 'ingest document', { kind: 'consumer', links, attributes }, () => {
      this.#note(lease);
      return work();
    });
  }

  /** Nobody waits for it, and should it fail, only a link is missing. */
  #note(lease: Lease): void {
    const span = currentSpan();
    if (span && lease.firstAttemptTraceparent === null) {
      this.traces.note(lease, span.traceparent).catch(() => undefined);
    }
  }
}
