import { Injectable } from '@nestjs/common';
import { type ControlRunPayload, DomainError, type StartRunReply, type TenantContext } from '@parley/contracts';
import { v7 as uuidv7 } from 'uuid';
import { ChatConfig } from '../chat.config.js';
import { type RunEvents } from './run-events.js';
import { runMetrics } from './run-metrics.js';
import { RunStopped } from './run-stopped.js';

const RETRY_AFTER_MS = 1_000;
/** What a stopped run gets to store what it has. */
const STOP_GRACE_MS = 2_000;
/** How long, and of how many runs, the answer can still be heard here after the end: some are stored nowhere. */
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 256;

export interface StartedRun {
  reply: StartRunReply;
  /** Null for a run that was begun before. */
  events: RunEvents | null;
  /** Resolves when the run has ended, however it ended. */
  ended: Promise<void>;
}

interface ActiveRun {
  runId: string;
  begun: Promise<StartedRun>;
  ended: Promise<void>;
  stop: AbortController;
}

/** The runs that this process is working on: as many as it can bear, each once, none forgotten. */
@Injectable()
export class ActiveRuns {
  /** Names this process in the rows of its runs. */
  readonly owner = uuidv7();
  readonly #runs = new Map<string, ActiveRun>();
  readonly #ended = new Map<string, RunEvents>();
  #isDraining = false;

  constructor(private readonly config: ChatConfig) {}

  get ids(): string[] {
    return [...this.#runs.values()].map(({ runId }) => runId);
  }

  /**
   * Begins a run and keeps track of it; a run that is active already is not begun again.
   * @throws DomainError `service_unavailable` when this process is full or about to stop
   */
  async start(
    tenant: TenantContext,
    runId: string,
    begin: (stop: AbortController) => Promise<StartedRun>,
  ): Promise<StartRunReply> {
    const key = keyOf(tenant, runId);
    const active = this.#runs.get(key);
    if (active) return { ...(await active.begun).reply, isRepeated: true };
    return (await this.#begin(key, runId, begin).begun).reply;
  }

  /** Does what a listener or the user asks for; nothing when the run is not here. */
  async control(tenant: TenantContext, { runId, ...request }: ControlRunPayload): Promise<void> {
    const key = keyOf(tenant, runId);
    const active = this.#runs.get(key);
    if (request.action === 'cancel') return active?.stop.abort(RunStopped.byUser());
    const events = active ? (await active.begun).events : this.#ended.get(key);
    const { action, streamId = '', streamAddress = '', after = 0 } = request;
    if (action === 'leave') events?.leave(streamId);
    else events?.attach({ streamId, address: streamAddress, after });
  }

  /** Ends runs of this process, of any user, whose end was asked for. */
  stop(runIds: readonly string[]): void {
    for (const { runId, stop } of this.#runs.values()) if (runIds.includes(runId)) stop.abort(RunStopped.byUser());
  }

  /** Begins nothing more, lets the runs finish for `timeoutMs`, then stops them and waits a little for their ends. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    const ended = Promise.all([...this.#runs.values()].map((run) => run.ended));
    if (await inTime(ended, timeoutMs)) return;
    const reason = new DomainError('stream_interrupted', 'The service that was writing this answer stopped.');
    for (const { stop } of this.#runs.values()) stop.abort(reason);
    await inTime(ended, STOP_GRACE_MS);
  }

  #begin(key: string, runId: string, begin: (stop: AbortController) => Promise<StartedRun>): ActiveRun {
    if (this.#isDraining) throw unavailable('This instance is stopping.');
    if (this.#runs.size >= this.config.maxConcurrentRuns) throw unavailable('Too many answers are being generated.');
    const stop = new AbortController();
    const begun = begin(stop);
    const ended = begun
      .then(async (run) => {
        await run.ended;
        if (run.events) this.#remember(key, run.events);
      })
      .catch(() => undefined)
      .then(() => this.#forget(key));
    const active = { runId, begun, ended, stop };
    this.#runs.set(key, active);
    runMetrics.started();
    return active;
  }

  #remember(key: string, events: RunEvents): void {
    this.#ended.set(key, events);
    setTimeout(() => this.#ended.delete(key), REMEMBERED_MS).unref();
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_REMEMBERED && oldest !== undefined) this.#ended.delete(oldest);
  }

  #forget(key: string): void {
    this.#runs.delete(key);
    runMetrics.ended();
  }
}

function keyOf({ tenantId, userId }: TenantContext, runId: string): string {
  return `${tenantId} ${userId} ${runId}`;
}

function unavailable(message: string): DomainError {
  return new DomainError('service_unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
}

async function inTime(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  return Promise.race([work.then(() => true), tooLate]).finally(() => clearTimeout(timer));
}
