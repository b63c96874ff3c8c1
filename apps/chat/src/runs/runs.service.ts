import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  type ControlRunPayload,
  DomainError,
  type RunEventsReply,
  type RunEventsRequest,
  type RunView,
  type StartRunReply,
  type StartRunRequest,
  type TenantContext,
} from '@parley/contracts';
import { ActiveRuns, type StartedRun } from './active-runs.js';
import { RetrievalClient } from './retrieval.client.js';
import { RunGenerator } from './run-generator.js';
import { RunListening } from './run-listening.js';
import { RunPlanner } from './run-planner.js';
import { runMetrics } from './run-metrics.js';
import { isUnderWay, runView, storedEvents } from './run.view.js';
import { RunsRepository, type StoredRun } from './runs.repository.js';

/** What a cancelled run gets to store what it has, and the longest that a caller waits for it. */
const CANCEL_TIMEOUT_MS = 3_000;
const CANCEL_POLL_MS = 50;

@Injectable()
export class RunsService {
  constructor(
    private readonly active: ActiveRuns,
    private readonly planner: RunPlanner,
    private readonly retrieval: RetrievalClient,
    private readonly runs: RunsRepository,
    private readonly generator: RunGenerator,
    private readonly listening: RunListening,
  ) {}

  /** Replies when the run is stored; the answer is then on its way. The same `runId` again gets the same reply, and no second answer. */
  start(tenant: TenantContext, request: StartRunRequest): Promise<StartRunReply> {
    return this.active.start(tenant, request.runId, (stop) => this.#begin(tenant, request, stop));
  }

  /** @throws DomainError `not_found` */
  async get(tenant: TenantContext, runId: string): Promise<RunView> {
    return runView(await this.#find(tenant, runId));
  }

  /** What is being written in a conversation, of several runs the newest; null when nothing is. */
  async underWay(tenant: TenantContext, conversationId: string): Promise<RunView | null> {
    const stored = await this.runs.findUnderWay(tenant, conversationId);
    return stored && runView(stored);
  }

  /** What a listener who has heard the answer up to a place is to do, or to be told. @throws DomainError `not_found` */
  async events(tenant: TenantContext, { id, after }: RunEventsRequest): Promise<RunEventsReply> {
    const stored = await this.#find(tenant, id);
    const run = runView(stored);
    if (isUnderWay(run)) return { run, state: 'live' };
    const left = storedEvents(stored, after);
    return left ? { run, state: 'ended', ...left } : { run, state: 'expired' };
  }

  /**
   * Stops a run wherever it is generated, and replies with what it has become: ended, or, when the process that generates
   * it does not answer, still under way with its end noted. @throws DomainError `not_found`
   */
  async cancel(tenant: TenantContext, runId: string): Promise<RunView> {
    let run = await this.get(tenant, runId);
    if (!isUnderWay(run)) return run;
    await this.runs.requestCancel(tenant, runId);
    this.listening.signal(tenant, { runId, action: 'cancel' });
    const deadline = performance.now() + CANCEL_TIMEOUT_MS;
    while (isUnderWay(run) && performance.now() < deadline) {
      await pause(CANCEL_POLL_MS);
      run = await this.get(tenant, runId);
    }
    return run;
  }

  control(tenant: TenantContext, request: ControlRunPayload): Promise<void> {
    return this.active.control(tenant, request);
  }

  /** Search and commit are waited for as late as possible: both overlap with the next step. */
  async #begin(tenant: TenantContext, request: StartRunRequest, stop: AbortController): Promise<StartedRun> {
    const receivedAt = performance.now();
    const plan = await this.planner.plan(tenant, request);
    const retrieval = plan.search ? this.retrieval.search(tenant, plan.search, stop.signal) : Promise.resolve(null);
    retrieval.catch(() => undefined);
    const queueMs = Math.round(performance.now() - receivedAt);
    const begun = this.runs.begin(tenant, plan, { owner: this.active.owner, queueMs });
    // While the database answers.
    const prepared = this.generator.prepare(plan, retrieval);
    prepared.catch(() => undefined);
    const { createdAt, stored } = await begun;
    if (!createdAt) return this.#begunBefore(tenant, request.runId);
    runMetrics.begun(queueMs);
    const events = this.listening.open(plan, stop);
    const ended = this.generator.generate({ tenant, plan, receivedAt, retrieval, prepared, stored, stop, events });
    await stored;
    const { runId, model, origin, storage } = plan;
    const { conversationId = null, messageId = null } = storage ?? {};
    const parentId = storage?.added.at(-1)?.id ?? storage?.parentId ?? null;
    const where = { conversationId, messageId, parentId };
    const reply = { runId, ...where, model, provider: origin.provider, createdAt: createdAt.toISOString() };
    return { reply, events, ended };
  }

  async #begunBefore(tenant: TenantContext, runId: string): Promise<StartedRun> {
    const reply = await this.runs.findReply(tenant, runId);
    if (!reply) throw new DomainError('conflict', 'The id of the run is taken.', { param: 'run_id' });
    return { reply: { ...reply, isRepeated: true }, events: null, ended: Promise.resolve() };
  }

  async #find(tenant: TenantContext, runId: string): Promise<StoredRun> {
    const stored = await this.runs.find(tenant, runId);
    if (!stored) throw DomainError.notFound('run');
    return stored;
  }
}
