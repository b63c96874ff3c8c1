import { type OpenAI } from 'openai';
import {
  type BreakerState,
  type ChatChunk,
  ChatProvider,
  type ChatRequest,
  type ProviderLoad,
  type StreamOptions,
} from '../chat-provider.js';
import { type LlmObserver } from '../llm-observer.js';
import { type ResolvedLlmOptions } from '../llm-options.js';
import { meteredRun } from '../metered-run.js';
import { ProviderPolicy } from '../policy/provider-policy.js';
import { Watchdog } from '../policy/watchdog.js';
import { toChatParams } from './openai-chat-request.js';
import { readChatStream } from './openai-chat-stream.js';
import { createOpenAiClient, dialectOf } from './openai-client.js';
import { toProviderFailure } from './openai-failure.js';

const DEFAULT_NAME = 'openai';
const MODELS_TIMEOUT_MS = 5_000;

/** Any endpoint that speaks OpenAI's chat completions: OpenAI, Gemini, vLLM, Ollama, LM Studio. */
export class OpenAiChatProvider extends ChatProvider {
  readonly name: string;
  readonly #client: OpenAI;
  readonly #policy: ProviderPolicy;

  constructor(
    private readonly options: ResolvedLlmOptions,
    private readonly observer: LlmObserver = {},
  ) {
    super();
    this.name = options.name ?? DEFAULT_NAME;
    const call = { operation: 'chat', provider: this.name } as const;
    this.#client = createOpenAiClient(options);
    this.#policy = new ProviderPolicy(options, {
      stateChanged: (state) => observer.breakerChanged?.({ ...call, state }),
      loadChanged: (load) => observer.loadChanged?.({ ...call, load }),
    });
  }

  get state(): BreakerState {
    return this.#policy.state;
  }

  get load(): ProviderLoad {
    return this.#policy.load;
  }

  async models(signal?: AbortSignal): Promise<string[]> {
    const watchdog = new Watchdog();
    const either = AbortSignal.any([watchdog.signal, ...(signal ? [signal] : [])]);
    watchdog.expect(MODELS_TIMEOUT_MS, 'The language model provider did not list its models');
    try {
      const page = await this.#client.models.list({ signal: either });
      return page.data.map((model) => model.id);
    } catch (error) {
      either.throwIfAborted();
      throw this.#failure(error, this.options.model);
    } finally {
      watchdog.rest();
    }
  }

  stream(request: ChatRequest, signal: AbortSignal, options?: StreamOptions): AsyncIterable<ChatChunk> {
    const call = { operation: 'chat', provider: this.name, model: request.model } as const;
    return meteredRun(this.#run(request, signal, options), { call, request, signal, observer: this.observer });
  }

  async *#run(request: ChatRequest, signal: AbortSignal, options?: StreamOptions): AsyncGenerator<ChatChunk> {
    const overall = new Watchdog();
    const either = AbortSignal.any([signal, overall.signal]);
    overall.expect(this.options.overallTimeoutMs, 'The language model did not finish its answer');
    let leave: (() => void) | undefined;
    try {
      leave = await this.#policy.admit(either);
      yield* await this.#policy.run(() => this.#begin(request, either), either, options);
    } catch (error) {
      either.throwIfAborted();
      throw this.#failure(error, request.model);
    } finally {
      overall.rest();
      leave?.();
    }
  }

  /** Resolves with the first chunk at hand: until then another try is possible. */
  async #begin(request: ChatRequest, signal: AbortSignal): Promise<AsyncGenerator<ChatChunk>> {
    const params = toChatParams(request, this.options, dialectOf(this.options));
    const chunks = readChatStream(this.#client, params, this.options, signal);
    try {
      return resume(await chunks.next(), chunks);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure(error, request.model);
    }
  }

  #failure(error: unknown, model: string): Error {
    return toProviderFailure(error, {
      model,
      apiKey: this.options.openaiApiKey,
      isDeclared: this.options.name !== undefined,
    });
  }
}

async function* resume(first: IteratorResult<ChatChunk>, rest: AsyncGenerator<ChatChunk>): AsyncGenerator<ChatChunk> {
  try {
    if (!first.done) yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
