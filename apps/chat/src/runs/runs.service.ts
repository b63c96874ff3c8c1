import { Injectable } from '@nestjs/common';
import { DomainError, type StartRunReply, type StartRunRequest, type TenantContext } from '@parley/contracts';
import { ActiveRuns, type StartedRun } from './active-runs.js';
import { RetrievalClient } from './retrieval.client.js';
import { RunGenerator } from './run-generator.js';
import { RunPlanner } from './run-planner.js';
import { RunsRepository } from './runs.repository.js';

@Injectable()
export class RunsService {
  constructor(
    private readonly active: ActiveRuns,
    private readonly planner: RunPlanner,
    private readonly retrieval: RetrievalClient,
    private readonly runs: RunsRepository,
    private readonly generator: RunGenerator,
  ) {}

  /** Replies when the run is stored; the answer is then on its way. The same `runId` again gets the same reply, and no second answer. */
  start(tenant: TenantContext, request: StartRunRequest): Promise<StartRunReply> {
    return this.active.start(tenant, request.runId, (stop) => this.#begin(tenant, request, stop));
  }

  /** Search and commit are waited for as late as possible: both overlap with the next step. */
  async #begin(tenant: TenantContext, request: StartRunRequest, stop: AbortController): Promise<StartedRun> {
    const receivedAt = performance.now();
    const plan = await this.planner.plan(tenant, request);
    const retrieval = plan.search ? this.retrieval.search(tenant, plan.search, stop.signal) : Promise.resolve(null);
    retrieval.catch(() => undefined);
    const queueMs = Math.round(performance.now() - receivedAt);
    const { createdAt, stored } = await this.runs.begin(tenant, plan, { owner: this.active.owner, queueMs });
    if (!createdAt) return this.#begunBefore(tenant, request.runId);
    const ended = this.generator.generate({ tenant, plan, receivedAt, retrieval, stored, stop });
    await stored;
    const { runId, model, provider, storage } = plan;
    const { conversationId = null, messageId = null } = storage ?? {};
    return { reply: { runId, conversationId, messageId, model, provider, createdAt: createdAt.toISOString() }, ended };
  }

  async #begunBefore(tenant: TenantContext, runId: string): Promise<StartedRun> {
    const reply = await this.runs.findReply(tenant, runId);
    if (!reply) throw new DomainError('conflict', 'The id of the run is taken.', { param: 'run_id' });
    return { reply, ended: Promise.resolve() };
  }
}
