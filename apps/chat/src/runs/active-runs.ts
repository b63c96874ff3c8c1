import { Injectable } from '@nestjs/common';
import { DomainError, type StartRunReply, type TenantContext } from '@parley/contracts';
import { v7 as uuidv7 } from 'uuid';
import { ChatConfig } from '../chat.config.js';
import { runMetrics } from './run-metrics.js';

const RETRY_AFTER_MS = 1_000;
/** What a stopped run gets to store what it has. */
const STOP_GRACE_MS = 2_000;

export interface StartedRun {
  reply: StartRunReply;
  /** Resolves when the run has ended, however it ended. */
  ended: Promise<void>;
}

interface ActiveRun {
  runId: string;
  reply: Promise<StartRunReply>;
  ended: Promise<void>;
  stop: AbortController;
}

/** The runs that this process is working on: as many as it can bear, each once, none forgotten. */
@Injectable()
export class ActiveRuns {
  /** Names this process in the rows of its runs. */
  readonly owner = uuidv7();
  readonly #runs = new Map<string, ActiveRun>();
  #isDraining = false;

  constructor(private readonly config: ChatConfig) {}

  get ids(): string[] {
    return [...this.#runs.values()].map(({ runId }) => runId);
  }

  /**
   * Begins a run and keeps track of it; a run that is active already is not begun again.
   * @throws DomainError `service_unavailable` when this process is full or about to stop
   */
  start(
    { tenantId, userId }: TenantContext,
    runId: string,
    begin: (stop: AbortController) => Promise<StartedRun>,
  ): Promise<StartRunReply> {
    const key = `${tenantId} ${userId} ${runId}`;
    const active = this.#runs.get(key);
    if (active) return active.reply;
    if (this.#isDraining) return Promise.reject(unavailable('This instance is stopping.'));
    if (this.#runs.size >= this.config.maxConcurrentRuns) {
      return Promise.reject(unavailable('Too many answers are being generated.'));
    }
    const stop = new AbortController();
    const begun = begin(stop);
    const reply = begun.then((run) => run.reply);
    const ended = begun
      .then((run) => run.ended)
      .catch(() => undefined)
      .then(() => this.#forget(key));
    this.#runs.set(key, { runId, reply, ended, stop });
    runMetrics.started();
    return reply;
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

  #forget(key: string): void {
    this.#runs.delete(key);
    runMetrics.ended();
  }
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
