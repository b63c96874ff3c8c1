import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { LlmConfig } from '@parley/config';
import {
  DomainError,
  type ModelOrigin,
  type SearchHit,
  type SerializedError,
  serializeError,
  type ServerToolEvent,
} from '@parley/contracts';
import { ChatModels, type ChatRequest } from '@parley/llm';
import { reportError, traced } from '@parley/observability';
import { RunTools } from '../tools/run-tools.js';
import { searchSteps } from '../tools/told-results.js';
import { answerInRounds, type RoundChunk } from '../tools/tool-rounds.js';
import { ConversationUpkeep } from '../upkeep/conversation-upkeep.js';
import { Answer } from './answer.js';
import { Checkpoint } from './checkpoint.js';
import { citationsOf } from './citations.js';
import { continuedCitations, RepeatedBeginning } from './continuation.js';
import { systemClock } from './clock.js';
import { type Retrieval } from './retrieval.client.js';
import { runMetrics } from './run-metrics.js';
import { type RunPlan } from './run-plan.js';
import { fitResult, type PreparedRequest, prepareRequest, type RequestLimits } from './run-request.js';
import { type Ending, resultOf, type RunResult } from './run-result.js';
import { RunStopped } from './run-stopped.js';
import { type Progress, type RunUnderWay } from './run-under-way.js';
import { RunsRepository } from './runs.repository.js';
import { NO_USAGE } from './usage.js';

const SAVE_RETRY_DELAYS_MS = [200, 1_000];

/** Writes answers: passages → prompt that fits → stream → store. Whatever happens, a run ends in a last state and a last event. */
@Injectable()
export class RunGenerator {
  readonly #logger = new Logger(RunGenerator.name);
  readonly #limits: RequestLimits;

  constructor(
    private readonly models: ChatModels,
    private readonly runs: RunsRepository,
    private readonly tools: RunTools,
    private readonly upkeep: ConversationUpkeep,
    { maxOutputTokens }: LlmConfig,
  ) {
    this.#limits = { maxOutputTokens };
  }

  /** What the provider will be asked. @throws DomainError `context_length_exceeded`, or what kept the search from answering */
  async prepare(plan: RunPlan, retrieval: Promise<Retrieval | null>): Promise<PreparedRequest> {
    const found = await retrieval;
    return prepareRequest(plan, found && found.passages, this.#limits);
  }

  /** Never rejects. It goes on after the request that began it was answered: its span ends with it. */
  generate(run: RunUnderWay): Promise<void> {
    return traced('generate answer', { attributes: { 'parley.run.id': run.plan.runId } }, () => this.#generate(run));
  }

  async #generate(run: RunUnderWay): Promise<void> {
    const progress = this.#begin(run);
    const ending = await this.#write(run, progress).then(
      (): Ending => ({ type: 'written' }),
      (error: unknown) => this.#endingOf(run, error),
    );
    await Promise.all([progress.checkpoint.stop(), progress.originNoted]);
    const isStored = await run.stored.then(
      () => true,
      () => false,
    );
    if (isStored) await this.#end(run, progress, ending);
    else run.events.abandon();
  }

  #begin({ tenant, plan, stored, stop, events }: RunUnderWay): Progress {
    stored.catch((error: unknown) => stop.abort(error));
    const save = (text: string) => this.runs.checkpoint(tenant, plan.runId, text, events.outline);
    return {
      answer: new Answer(plan.brokenAnswer?.text),
      passages: [],
      checkpoint: new Checkpoint(save, systemClock),
      origin: plan.origin,
      originNoted: Promise.resolve(),
      beginning: new RepeatedBeginning(plan.brokenAnswer?.text ?? ''),
      retrievalMs: null,
      firstTokenMs: null,
    };
  }

  async #write(run: RunUnderWay, progress: Progress): Promise<void> {
    const retrieval = await run.retrieval;
    progress.retrievalMs = retrieval && retrieval.durationMs;
    const { request, passages } = await run.prepared;
    progress.passages = [...passages];
    if (retrieval && run.plan.search && run.plan.tellsResults) {
      await this.#tellSearch(searchSteps(run.plan.search, retrieval.passages), run, progress);
    }
    if (run.plan.brokenAnswer) await this.#tellBeginning(run, progress);
    for await (const chunk of this.#answer(run, request, progress.passages)) {
      await run.stored;
      this.#take(chunk, run, progress);
    }
    run.events.flush();
    if (progress.answer.wasStopped) throw run.stop.signal.reason;
  }

  #answer({ tenant, plan, stop }: RunUnderWay, request: ChatRequest, passages: SearchHit[]): AsyncIterable<RoundChunk> {
    const { signal } = stop;
    return answerInRounds(request, {
      ask: (question) => this.models.stream(question, signal),
      tools: this.tools.of(tenant, plan.tools, passages),
      maxRounds: this.tools.maxRounds,
      tellsResults: plan.tellsResults,
      fit: (result, messages, share) => fitResult(plan, this.#limits, { result, messages, share }),
      signal,
    });
  }

  async #tellSearch(
    steps: ServerToolEvent[],
    { plan, stored, events }: RunUnderWay,
    progress: Progress,
  ): Promise<void> {
    await stored;
    for (const step of steps) events.serverTool(step);
    if (plan.storage) progress.checkpoint.touch();
  }

  /** A continued answer is told from its beginning on, so that its places are those of the text that is stored. */
  async #tellBeginning(run: RunUnderWay, { answer, checkpoint }: Progress): Promise<void> {
    await run.stored;
    run.events.text(answer.text);
    if (run.plan.storage) checkpoint.update(answer.text);
  }

  #take(received: RoundChunk, run: RunUnderWay, progress: Progress): void {
    const { plan, receivedAt, events } = run;
    const { answer, checkpoint, beginning } = progress;
    if (received.type === 'server_tool') return this.#takeStep(received, run, progress);
    const chunk = received.type === 'text' ? { ...received, text: beginning.rest(received.text) } : received;
    answer.add(chunk);
    if (chunk.type === 'origin') this.#noteOrigin(chunk.origin, run, progress);
    if (chunk.type !== 'text' && chunk.type !== 'tool_call') return;
    if (progress.firstTokenMs === null) {
      progress.firstTokenMs = elapsedMs(receivedAt);
      runMetrics.firstToken(progress.firstTokenMs);
    }
    if (chunk.type === 'tool_call') return events.toolCall(chunk);
    events.text(chunk.text);
    if (plan.storage) checkpoint.update(answer.text);
  }

  #takeStep(step: ServerToolEvent, { plan, events }: RunUnderWay, { checkpoint }: Progress): void {
    if (step.state !== 'started') runMetrics.toolRun(step.tool, step.state);
    events.serverTool(step);
    if (plan.storage) checkpoint.touch();
  }

  /** Nobody waits for it: should it fail, the end of the run makes up for it. */
  #noteOrigin(origin: ModelOrigin, { tenant, plan }: RunUnderWay, progress: Progress): void {
    const { provider, model } = progress.origin;
    if (origin.provider === provider && origin.model === model) return;
    progress.origin = origin;
    progress.originNoted = progress.originNoted
      .then(() => this.runs.noteOrigin(tenant, plan.runId, origin))
      .catch((error: unknown) => this.#log(`Who answers run ${plan.runId} could not be stored`, error));
  }

  /** The last event is told only after the last state is stored. */
  async #end(run: RunUnderWay, progress: Progress, ending: Ending): Promise<void> {
    const { answer, passages, retrievalMs, firstTokenMs } = progress;
    answer.annotations =
      ending.type === 'failed' ? (run.plan.brokenAnswer?.annotations ?? []) : citedIn(run.plan, answer.text, passages);
    run.events.flush();
    const timings = { retrievalMs, firstTokenMs, totalMs: elapsedMs(run.receivedAt) };
    const result = resultOf(run.plan, answer, ending, timings, run.events);
    const lost = await this.#save(run, result);
    runMetrics.finished(lost ? 'failed' : result.status, timings.totalMs);
    if (answer.usage && firstTokenMs !== null)
      runMetrics.written(answer.usage.completionTokens, timings.totalMs - firstTokenMs);
    this.#tellEnd(run, answer, lost ? { type: 'failed', error: lost } : ending);
    this.upkeep.runEnded(run.tenant, run.plan);
  }

  #tellEnd({ events }: RunUnderWay, answer: Answer, ending: Ending): void {
    if (ending.type === 'failed') return events.failed(ending.error);
    const { finishReason, annotations, origin } = answer;
    const end = { usage: answer.usage ?? NO_USAGE, annotations, ...(origin && { origin }) };
    if (ending.type === 'stopped') return events.cancelled(end);
    events.completed({ finishReason: finishReason ?? 'stop', ...end });
  }

  /** @returns why the result could not be stored, after some tries; null when it was */
  async #save({ tenant, plan }: RunUnderWay, result: RunResult): Promise<SerializedError | null> {
    for (let attempt = 0; ; attempt++) {
      try {
        if (await this.runs.finish(tenant, plan.runId, result)) return null;
        return { code: 'stream_interrupted', message: 'The run was given up while it was being written.' };
      } catch (error) {
        this.#log(`Run ${plan.runId} could not be stored`, error);
        const delayMs = SAVE_RETRY_DELAYS_MS[attempt];
        if (delayMs === undefined) return serializeError(error);
        await pause(delayMs);
      }
    }
  }

  #endingOf({ plan }: RunUnderWay, error: unknown): Ending {
    if (error instanceof RunStopped) return { type: 'stopped', by: error };
    this.#log(`Run ${plan.runId} failed`, error);
    return { type: 'failed', error: serializeError(error) };
  }

  #log(what: string, error: unknown): void {
    if (error instanceof DomainError) return this.#logger.warn(`${what}: ${error.code}: ${error.message}`);
    this.#logger.error(what, error instanceof Error ? error.stack : String(error));
    reportError(error, { app: 'chat' });
  }
}

function citedIn({ brokenAnswer }: RunPlan, text: string, passages: SearchHit[]): Answer['annotations'] {
  return brokenAnswer ? continuedCitations(text, brokenAnswer, passages) : citationsOf(text, passages);
}

function elapsedMs(since: number): number {
  return Math.round(performance.now() - since);
}
