import { Injectable } from '@nestjs/common';
import { IngestionLedger, type Lease } from '@parley/knowledge';
import { traced } from '@parley/observability';
import { DocumentReader } from './document-reader.js';
import { EmbeddingStep } from './embedding-step.js';
import { ProgressReport } from './progress-report.js';
import { Sources } from './source.js';
import { VersionCompletion } from './version-completion.js';
import { withWorkspace } from './workspace.js';

/** Of the whole way: reading takes the first part, embedding what is left but for the last step. */
const READ_PERCENT = 20;
const EMBEDDED_PERCENT = 99;

/** File → text → chunks → embeddings → searchable, for one job. */
@Injectable()
export class Pipeline {
  constructor(
    private readonly sources: Sources,
    private readonly reader: DocumentReader,
    private readonly embedding: EmbeddingStep,
    private readonly ledger: IngestionLedger,
    private readonly completion: VersionCompletion,
  ) {}

  /**
   * However large the document is, a bounded part of it is in memory: each step leaves a file for the next one.
   * @throws IngestionError when the file cannot be read, EmbeddingError when the provider failed, LeaseLostError when the
   * job is somebody else's by now, DomainError when blob store or database failed, the signal's reason on abort
   */
  async run(lease: Lease, signal: AbortSignal): Promise<void> {
    await withWorkspace(async (folder) => {
      const report = new ProgressReport(this.ledger, lease);
      const source = await this.sources.of(lease);
      const original = await traced('fetch original', {}, () => source.fetch(folder, signal));
      if (original === null) return this.ledger.completeUnchanged(lease, source.unchanged());
      const onProgress = (share: number): void => report.reached(share * READ_PERCENT);
      const chunks = await traced('read document', {}, () =>
        this.reader.read(original, lease, { folder, signal, onProgress }),
      );
      await report.settled();
      const settle = await source.settlement(chunks);
      if (settle === 'unchanged') return this.ledger.completeUnchanged(lease, source.unchanged());

      const { chunkCount } = chunks;
      await this.ledger.advance(lease, 'embedding', { chunksTotal: chunkCount, percent: READ_PERCENT });
      await traced('embed document', { attributes: { 'parley.chunks': chunkCount } }, () =>
        this.embedding.run(lease, chunks, {
          signal,
          onProgress: (written) => this.#embedded(lease, written, chunkCount),
        }),
      );

      await this.ledger.advance(lease, 'indexing', { percent: EMBEDDED_PERCENT });
      await traced('index document', {}, () => this.completion.complete(lease, { chunkCount, settle }, signal));
    });
  }

  /** The last of it is told together with the next stage. */
  async #embedded(lease: Lease, written: number, chunkCount: number): Promise<void> {
    if (written === chunkCount) return;
    const percent = READ_PERCENT + ((EMBEDDED_PERCENT - READ_PERCENT) * written) / chunkCount;
    await this.ledger.heartbeat(lease, { percent });
  }
}
