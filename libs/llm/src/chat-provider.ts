import { type ModelOrigin } from '@parley/contracts';
import { type SpeechRequest } from './speech.js';

/** `open`: calls are refused for a pause after repeated outages; `half-open`: one call is trying whether it is over. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** OpenAI's content parts, as clients send them. */
export type ContentPart =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string; detail?: 'auto' | 'low' | 'high' } }
  | { type: 'input_audio'; input_audio: { data: string; format: 'wav' | 'mp3' } }
  | { type: 'file'; file: { file_data?: string; file_id?: string; filename?: string } };

export interface ToolCall {
  id: string;
  name: string;
  /** JSON text as the model wrote it: possibly invalid. */
  arguments: string;
}

export interface ChatMessage {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  content: string | ContentPart[];
  name?: string | undefined;
  /** On an assistant message: what the model asked for. */
  toolCalls?: ToolCall[] | undefined;
  /** On a tool message: the call it answers. */
  toolCallId?: string | undefined;
}

export interface ChatTool {
  type: 'function';
  function: { name: string; description?: string; parameters?: Record<string, unknown>; strict?: boolean | null };
}

export type ToolChoice = 'none' | 'auto' | 'required' | { type: 'function'; function: { name: string } };

export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema';
      json_schema: { name: string; description?: string; schema?: Record<string, unknown>; strict?: boolean | null };
    };

/** A retrieved passage; `index` is the number its citation marker shows. */
export interface Passage {
  index: number;
  text: string;
  filename: string;
}

export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  temperature?: number | undefined;
  topP?: number | undefined;
  maxOutputTokens?: number | undefined;
  stop?: string | string[] | undefined;
  seed?: number | undefined;
  presencePenalty?: number | undefined;
  frequencyPenalty?: number | undefined;
  responseFormat?: ResponseFormat | undefined;
  tools?: ChatTool[] | undefined;
  toolChoice?: ToolChoice | undefined;
  /** False: at most one call at a time. */
  parallelToolCalls?: boolean | undefined;
  reasoningEffort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | undefined;
  /** An opaque id of the end user, for the provider's abuse checks. */
  user?: string | undefined;
  /**
   * What retrieval found, besides its rendering in the prompt: empty when it found nothing, absent when nothing was
   * searched. Only the built-in provider reads it.
   */
  passages?: Passage[] | undefined;
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'cancelled';

export interface Usage {
  promptTokens: number;
  completionTokens: number;
  cachedTokens?: number;
  reasoningTokens?: number;
  /** Counted here, because the provider did not say: it ended early or never reports usage. */
  estimated: boolean;
}

export type ChatChunk =
  /** Who answers, before anything else: with a fallback that is known only when an answer begins. */
  | { type: 'origin'; origin: ModelOrigin }
  | { type: 'text'; text: string }
  /** A fragment of one tool call; `id` and `name` come with its first fragment only. */
  | { type: 'tool_call'; index: number; id?: string; name?: string; argumentsDelta: string }
  | { type: 'finish'; finishReason: FinishReason }
  /** `costMicros` in millionths of the currency of the prices; null without a price, absent from a single provider. */
  | { type: 'usage'; usage: Usage; costMicros?: number | null };

/** Requests that a provider is serving for this process, and those that wait for a place. */
export interface ProviderLoad {
  active: number;
  queued: number;
  /** Undefined: no limit. */
  maxActive?: number | undefined;
}

export interface StreamOptions {
  /** Another provider can answer instead, so that a long wait for this one is not worth it. */
  hasAlternative?: boolean;
}

/** A language model. Abstract classes, so that the port is also its injection token. */
export abstract class ChatProvider {
  /** One of a few that the configuration knows. */
  abstract readonly name: string;
  abstract readonly state: BreakerState;
  abstract readonly load: ProviderLoad;

  /**
   * The ids that `ChatRequest.model` may take.
   * @throws DomainError `provider_error` | `provider_rate_limited` | `timeout`
   */
  abstract models(signal?: AbortSignal): Promise<string[]>;

  /**
   * One run. Whichever way it ends, its tokens are told:
   * - completed: …, `finish`, `usage`
   * - aborted by `signal`: …, `finish` with `cancelled`, `usage`; does not throw
   * - failed after it began to answer: …, `usage`, then throws; failed before that: throws
   * @throws DomainError `provider_error` | `provider_rate_limited` | `model_not_found` | `invalid_request` |
   *   `unsupported_parameter` | `context_length_exceeded` | `timeout` | `service_unavailable`
   */
  abstract stream(request: ChatRequest, signal: AbortSignal, options?: StreamOptions): AsyncIterable<ChatChunk>;

  /**
   * A text read aloud: the bytes of an audio file as they come.
   * @throws DomainError as `stream`; the signal's reason on abort
   */
  abstract speak(request: SpeechRequest, signal: AbortSignal, options?: StreamOptions): AsyncIterable<Uint8Array>;
}
