import { type BeforeApplicationShutdown, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ServerConfig } from '@parley/config';
import {
  CancelRun,
  DomainError,
  GetRun,
  type RunView,
  StartRun,
  type StartRunReply,
  type StartRunRequest,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { FeatureFlags } from '../feature-flags/feature-flags.js';
import { isRepeatedRequest, newId } from '../idempotency/idempotency-scope.js';
import { expired, type RunEventItem, RunListener, toldFrom } from './run-listener.js';

/** Before connections are cut, so that an answer under way ends by saying why. */
const LAST_WORDS_MS = 500;
/** How long a run's process can still tell what is stored nowhere. */
const REMEMBERED_MS = 60_000;

export type RunRequest = Omit<StartRunRequest, 'runId' | 'streamAddress' | 'modelFlags'>;

export interface Run extends StartRunReply {
  /** To be read once. */
  events: AsyncIterable<RunEventItem>;
}

/** Starts, hears and stops runs, which belong to the chat service: leaving the events unread ends the listening, not the run. */
@Injectable()
export class RunClient implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #stopping = new AbortController();
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    private readonly bus: MessageBus,
    private readonly listener: RunListener,
    private readonly server: ServerConfig,
    private readonly flags: FeatureFlags,
  ) {}

  beforeApplicationShutdown(): void {
    const reason = new DomainError('stream_interrupted', 'The gateway is stopping; the answer goes on without it.');
    const leftMs = Math.max(0, this.server.shutdownTimeoutMs - LAST_WORDS_MS);
    this.#deadline = setTimeout(() => this.#stopping.abort(reason), leftMs);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#deadline);
  }

  /**
   * Listens before it asks, so that no event is missed. Aborting the signal ends the listening. A request that comes again
   * hears the run that it has started already.
   */
  async start(tenant: TenantContext, request: RunRequest, left: AbortSignal): Promise<Run> {
    const runId = newId();
    const flagged = await this.#flagged(tenant, request);
    if (isRepeatedRequest()) return this.#startAgain(tenant, { ...flagged, runId }, left);
    const signal = AbortSignal.any([left, this.#stopping.signal]);
    const stream = this.listener.open(runId, signal);
    try {
      const { streamAddress } = this.bus;
      const reply = await this.bus.request(StartRun, { ...flagged, runId, streamAddress }, tenant, { signal });
      const listening = { tenant, runId, after: 0, signal };
      if (!reply.isRepeated) return { ...reply, events: this.listener.listen(listening, stream) };
      stream.close();
      return { ...reply, events: this.listener.listen(listening) };
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  /** Starts a run that nobody has to listen to: it goes on to its end. */
  async begin(tenant: TenantContext, request: RunRequest): Promise<StartRunReply> {
    const runId = newId();
    return this.bus.request(StartRun, { ...(await this.#flagged(tenant, request)), runId }, tenant);
  }

  /**
   * What comes behind a place of a run's answer, live or stored; null when there is nothing.
   * @throws DomainError `not_found`, `events_expired`
   */
  async resume(tenant: TenantContext, runId: string, after: number, left: AbortSignal): Promise<Run | null> {
    const signal = AbortSignal.any([left, this.#stopping.signal]);
    const listening = { tenant, runId, after, signal };
    const reply = await this.listener.ask(listening);
    const { conversationId, messageId, parentId, requestedModel: model, provider, createdAt, finishedAt } = reply.run;
    const run = { runId, conversationId, messageId, parentId, model, provider, createdAt };
    if (reply.state === 'ended') {
      return reply.events.length === 0
        ? null
        : { ...run, events: iterable(toldFrom(reply.from ?? after, reply.events)) };
    }
    const isRemembered = finishedAt === null || Date.now() - Date.parse(finishedAt) < REMEMBERED_MS;
    if (reply.state === 'expired' && !isRemembered) throw expired();
    return { ...run, events: this.listener.listen(listening) };
  }

  async #flagged(tenant: TenantContext, request: RunRequest): Promise<Omit<StartRunRequest, 'runId'>> {
    const modelFlags = await this.flags.modelFlags(tenant);
    return modelFlags.length > 0 ? { ...request, modelFlags } : request;
  }

  /** The first request may be at it, have been answered, or have come to nothing before the run began. */
  async #startAgain(
    tenant: TenantContext,
    request: Omit<StartRunRequest, 'streamAddress'>,
    left: AbortSignal,
  ): Promise<Run> {
    const { runId } = request;
    try {
      const run = await this.resume(tenant, runId, 0, left);
      if (run) return run;
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'not_found')) throw error;
    }
    const signal = AbortSignal.any([left, this.#stopping.signal]);
    const reply = await this.bus.request(StartRun, request, tenant, { signal });
    return { ...reply, events: this.listener.listen({ tenant, runId, after: 0, signal }) };
  }

  get(tenant: TenantContext, runId: string): Promise<RunView> {
    return this.bus.request(GetRun, { id: runId }, tenant);
  }

  /** What has become of it; one that had ended already is as it was. @throws DomainError `not_found` */
  cancel(tenant: TenantContext, runId: string): Promise<RunView> {
    return this.bus.request(CancelRun, { id: runId }, tenant);
  }
}

async function* iterable<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
