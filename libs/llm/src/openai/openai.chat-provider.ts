import { type OpenAI } from 'openai';
import {
  type BreakerState,
  type ChatChunk,
  ChatProvider,
  type ChatRequest,
  type ProviderLoad,
  type StreamOptions,
} from '../chat-provider.js';
import { type SpeechRequest } from '../speech.js';
import { type LlmObserver } from '../llm-observer.js';
import { type ResolvedLlmOptions } from '../llm-options.js';
import { meteredRun } from '../metered-run.js';
import { ProviderPolicy } from '../policy/provider-policy.js';
import { Watchdog } from '../policy/watchdog.js';
import { toChatParams } from './openai-chat-request.js';
import { readChatStream } from './openai-chat-stream.js';
import { readSpeech } from './openai-speech.js';
import { createOpenAiClient, dialectOf } from './openai-client.js';
import { streamingFetch } from './streaming-fetch.js';
import { toProviderFailure } from './openai-failure.js';

const DEFAULT_NAME = 'openai';
const MODELS_TIMEOUT_MS = 5_000;

/** Any endpoint that speaks OpenAI's chat completions: OpenAI, Gemini, vLLM, Ollama, LM Studio. */
export class OpenAiChatProvider extends ChatProvider {
  readonly name: string;
  readonly #client: OpenAI;
  readonly #streaming: OpenAI;
  readonly #policy: ProviderPolicy;

  constructor(
    private readonly options: ResolvedLlmOptions,
    private readonly observer: LlmObserver = {},
  ) {
    super();
    this.name = options.name ?? DEFAULT_NAME;
    const call = { operation: 'chat', provider: this.name } as const;
    this.#client = createOpenAiClient(options);
    this.#streaming = this.#client.withOptions({ fetch: streamingFetch });
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
    const params = toChatParams(request, this.options, dialectOf(this.options));
    const open = (either: AbortSignal) => readChatStream(this.#streaming, params, this.options, either);
    const chunks = this.#run(open, { model: request.model, signal, options });
    return meteredRun(chunks, { call, request, signal, observer: this.observer });
  }

  speak(request: SpeechRequest, signal: AbortSignal, options?: StreamOptions): AsyncIterable<Uint8Array> {
    const open = (either: AbortSignal) => readSpeech(this.#client, request, this.options, either);
    return this.#run(open, { model: request.model, signal, options });
  }

  async *#run<T>(
    open: (signal: AbortSignal) => AsyncGenerator<T>,
    { model, signal, options }: { model: string; signal: AbortSignal; options: StreamOptions | undefined },
  ): AsyncGenerator<T> {
    const overall = new Watchdog();
    const either = AbortSignal.any([signal, overall.signal]);
    overall.expect(this.options.overallTimeoutMs, 'The language model did not finish its answer');
    let leave: (() => void) | undefined;
    try {
      leave = await this.#policy.admit(either);
      yield* await this.#policy.run(() => this.#begin(open, model, either), either, options);
    } catch (error) {
      either.throwIfAborted();
      throw this.#failure(error, model);
    } finally {
      overall.rest();
      leave?.();
    }
  }

  /** Resolves with the first chunk at hand: until then another try is possible. */
  async #begin<T>(
    open: (signal: AbortSignal) => AsyncGenerator<T>,
    model: string,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<T>> {
    const chunks = open(signal);
    try {
      return resume(await chunks.next(), chunks);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure(error, model);
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

async function* resume<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    if (!first.done) yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
