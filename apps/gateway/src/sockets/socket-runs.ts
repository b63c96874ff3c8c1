import { Logger } from '@nestjs/common';
import { DomainError, parseId, type TenantContext } from '@parley/contracts';
import { searchFaultAsSent } from '../completions/file-search-tool.js';
import { runRequest } from '../completions/run-request.js';
import { faultOf } from '../http/fault.js';
import { type IdempotentRuns } from '../idempotency/idempotent-runs.js';
import { type ChunkOptions, completionChunks } from '../runs/completion-chunks.js';
import { type Run, type RunClient } from '../runs/run.client.js';
import { runObject } from '../runs/run.view.js';
import {
  type CancelMessage,
  errorEvent,
  type StartMessage,
  type SubscribeMessage,
  type UnsubscribeMessage,
} from './socket-messages.js';
import { type SocketWriter } from './socket-writer.js';

const MAX_RUNS = 16;
/** The route whose requests these are: a key means the same here and there. */
const ROUTE = { method: 'POST', url: '/v1/chat/completions', headers: {} };

const logger = new Logger('SocketRuns');

interface Heard {
  runId: string;
  leaving: AbortController;
}

/** The runs that one client hears on one socket, each under a name of the client's. Leaving a run does not stop it. */
export class SocketRuns {
  readonly #heard = new Map<string, Heard>();

  constructor(
    private readonly runs: RunClient,
    private readonly keys: IdempotentRuns,
    private readonly writer: SocketWriter,
  ) {}

  /** @param body the request as it was sent. @throws DomainError as `POST /v1/chat/completions` */
  async start(
    tenant: TenantContext,
    { id, request, idempotency_key: key }: StartMessage,
    body: unknown,
  ): Promise<void> {
    this.#checkRoom(id);
    const leaving = new AbortController();
    const start = () => this.runs.start(tenant, runRequest(request), leaving.signal);
    const asked = { ...ROUTE, body };
    try {
      const run = await (key === undefined ? start() : this.keys.within(tenant, { key, request: asked }, start));
      this.#hear(id, run, leaving, { includeUsage: request.stream_options?.include_usage ?? false });
    } catch (error) {
      throw searchFaultAsSent(error, request.tools);
    }
  }

  /** @throws DomainError `not_found`, `events_expired`, `conflict` */
  async subscribe(tenant: TenantContext, { id, run: publicId, starting_after }: SubscribeMessage): Promise<void> {
    this.#checkRoom(id);
    const leaving = new AbortController();
    const after = starting_after ?? 0;
    const run = await this.runs.resume(tenant, runIdOf(publicId), after, leaving.signal);
    if (run) this.#hear(id, run, leaving, { includeUsage: true, isResumed: after > 0 });
    else await this.writer.send({ type: 'done', id });
  }

  /** @throws DomainError `not_found` */
  async unsubscribe({ id }: UnsubscribeMessage): Promise<void> {
    const heard = this.#heard.get(id);
    if (!heard) throw DomainError.notFound('run on this socket', 'id');
    this.#leave(id, heard);
    await this.writer.send({ type: 'unsubscribed', id });
  }

  /** @throws DomainError `not_found` */
  async cancel(tenant: TenantContext, { id, run }: CancelMessage): Promise<void> {
    const runId = run === undefined ? this.#heard.get(id)?.runId : runIdOf(run);
    if (runId === undefined) throw DomainError.notFound('run on this socket', 'id');
    await this.writer.send({ type: 'run', id, run: runObject(await this.runs.cancel(tenant, runId)) });
  }

  leaveAll(): void {
    for (const [id, heard] of this.#heard) this.#leave(id, heard);
  }

  #checkRoom(id: string): void {
    if (this.#heard.has(id))
      throw new DomainError('conflict', 'A run is heard under this id already.', { param: 'id' });
    if (this.#heard.size < MAX_RUNS && this.writer.isOpen) return;
    throw new DomainError('conflict', `One socket hears at most ${MAX_RUNS} runs at a time.`, { param: 'id' });
  }

  #hear(id: string, run: Run, leaving: AbortController, options: ChunkOptions): void {
    const heard = { runId: run.runId, leaving };
    this.#heard.set(id, heard);
    void this.#tell(id, run, { ...options, left: leaving.signal }).finally(() => {
      if (this.#heard.get(id) === heard) this.#heard.delete(id);
    });
    if (!this.writer.isOpen) this.#leave(id, heard);
  }

  async #tell(id: string, run: Run, { left, ...options }: ChunkOptions & { left: AbortSignal }): Promise<void> {
    const isLeft = () => left.aborted || !this.writer.isOpen;
    try {
      for await (const { chunk, position } of completionChunks(run, options)) {
        if (isLeft()) return;
        await this.writer.send({
          type: 'chunk',
          id,
          ...(position === undefined ? {} : { event_id: position }),
          data: chunk,
        });
      }
      if (!isLeft()) await this.writer.send({ type: 'done', id });
    } catch (error) {
      if (isLeft()) return;
      const fault = faultOf(error);
      logger.warn(`Run ${run.runId} broke off: ${fault.code}: ${fault.message}`);
      await this.writer.send(errorEvent(id, 'run', fault));
    }
  }

  #leave(id: string, { leaving }: Heard): void {
    this.#heard.delete(id);
    leaving.abort();
  }
}

/** @throws DomainError `not_found` */
function runIdOf(publicId: string): string {
  const id = parseId('run', publicId) ?? parseId('completion', publicId) ?? parseId('response', publicId);
  if (id === null) throw DomainError.notFound('run', 'run');
  return id;
}
