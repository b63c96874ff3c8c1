import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type SerializedError } from '../errors.js';
import { BranchPoint } from './branch-point.js';
import { RequestRecord } from './request-record.js';
import { type FoundPassage } from './found-passage.js';
import { type AttributeFilter, type ChunkLocator } from './search.js';
import { type Metadata } from './knowledge-bases.js';
import { IsVariants, MAX_MODEL_FLAGS, ModelFlag, type Variant } from './variants.js';

export const CHAT_ROLES = ['system', 'developer', 'user', 'assistant', 'tool'] as const;
export type ChatRole = (typeof CHAT_ROLES)[number];

export interface ToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

const isContent = (value: unknown) => value === null || typeof value === 'string' || Array.isArray(value);

function IsContent(): PropertyDecorator {
  const defaultMessage = () => '$property must be a text, a list of content parts or null';
  return ValidateBy({ name: 'isContent', validator: { validate: isContent, defaultMessage } });
}

export class ChatMessage {
  @IsIn(CHAT_ROLES)
  role!: ChatRole;

  /** Text, or OpenAI's content parts as they came; null only beside tool calls. */
  @IsContent()
  content!: string | Record<string, unknown>[] | null;

  @IsOptional()
  @IsArray()
  toolCalls?: ToolCall[];

  @IsOptional()
  @IsString()
  toolCallId?: string;
}

export const RETRIEVAL_MODES = ['always', 'auto'] as const;
export type RetrievalMode = (typeof RETRIEVAL_MODES)[number];

/** What the answer is to be grounded in. */
export class RetrievalOptions {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @IsUUID(undefined, { each: true })
  knowledgeBaseIds!: string[];

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(50)
  maxResults?: number;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  scoreThreshold?: number;

  @IsOptional()
  @IsObject()
  filter?: AttributeFilter;

  /** `always`: before the model is asked; `auto`: when the model calls for it, as often as it does. Default: `always`. */
  @IsOptional()
  @IsIn(RETRIEVAL_MODES)
  mode?: RetrievalMode;
}

/** Passed to the provider; absent means the assistant's value, then the configured one. */
export class GenerationOptions {
  @IsOptional()
  @IsNumber()
  temperature?: number;

  @IsOptional()
  @IsNumber()
  topP?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  maxOutputTokens?: number;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(4)
  @IsString({ each: true })
  stop?: string[];

  @IsOptional()
  @IsInt()
  seed?: number;

  @IsOptional()
  @IsNumber()
  presencePenalty?: number;

  @IsOptional()
  @IsNumber()
  frequencyPenalty?: number;

  @IsOptional()
  @IsObject()
  responseFormat?: Record<string, unknown>;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(128)
  tools?: Record<string, unknown>[];

  @IsOptional()
  toolChoice?: string | Record<string, unknown>;

  @IsOptional()
  @IsBoolean()
  parallelToolCalls?: boolean;

  @IsOptional()
  @IsString()
  reasoningEffort?: string;
}

export class StartRunRequest {
  /** Chosen by the caller, so that a repeated request starts nothing twice. */
  @IsUUID()
  runId!: string;

  /** An assistant's uuid, or a provider's model name. */
  @IsOptional()
  @IsUUID()
  assistantId?: string;

  @IsOptional()
  @IsString()
  @Length(1, 256)
  model?: string;

  /** Appends to this conversation, whose stored history then comes before `messages`. */
  @IsOptional()
  @IsUUID()
  conversationId?: string;

  /** Where in that conversation; absent: behind its head. */
  @IsOptional()
  @ValidateNested()
  @Type(() => BranchPoint)
  branch?: BranchPoint;

  /** Empty where nothing new is said: see `BranchPoint`. */
  @IsArray()
  @ArrayMaxSize(2048)
  @ValidateNested({ each: true })
  @Type(() => ChatMessage)
  messages!: ChatMessage[];

  @IsOptional()
  @ValidateNested()
  @Type(() => RetrievalOptions)
  retrieval?: RetrievalOptions;

  @ValidateNested()
  @Type(() => GenerationOptions)
  generation!: GenerationOptions;

  /** Makes the request one that can be asked for again; only with `store`. */
  @IsOptional()
  @ValidateNested()
  @Type(() => RequestRecord)
  record?: RequestRecord;

  /** False leaves no trace of the texts in the conversation store. */
  @IsBoolean()
  store!: boolean;

  /** Every search is told as a step, with what it found. */
  @IsOptional()
  @IsBoolean()
  tellsResults?: boolean;

  /** Feature flags that were decided on already, and bear on this run. */
  @IsOptional()
  @IsVariants()
  variants?: Variant[];

  /** Of this user: whichever of them is about the model that is asked for decides who answers. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_MODEL_FLAGS)
  @ValidateNested({ each: true })
  @Type(() => ModelFlag)
  modelFlags?: ModelFlag[];

  @IsObject()
  metadata: Metadata = {};

  /** Queue of the pod that listens for the run's events; absent: nobody listens, and the run goes on all the same. */
  @IsOptional()
  @IsString()
  @MaxLength(255)
  streamAddress?: string;
}

export interface StartRunReply {
  runId: string;
  /** Null when nothing is stored. */
  conversationId: string | null;
  /** The message that the run will write; null when nothing is stored. */
  messageId: string | null;
  /** The message that it follows; null when nothing is stored. */
  parentId: string | null;
  /** As clients name it. */
  model: string;
  /** Who is asked first: who answers is told in the end. */
  provider: string;
  createdAt: string;
  /** The run was begun before, so that it is not told to the stream that the request named: attach to it. */
  isRepeated?: true;
}

export interface Usage {
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
  cachedTokens: number;
  reasoningTokens: number;
  /** True when the provider did not say and the tokens were counted here. */
  estimated: boolean;
  /** In millionths of the currency of the prices; null when the model has none. */
  costMicros: number | null;
}

/** Ties a span of the answer to the chunk it came from; `quote` stands literally in that chunk. */
export interface FileCitation {
  type: 'file_citation';
  fileId: string;
  filename: string;
  /** Of a file that was fetched from an address. */
  url?: string;
  /** Character offset in the answer at which the citation's marker stands. */
  index: number;
  chunkId: string;
  quote: string;
  score: number;
  /** Where in the file the chunk stands; absent in answers from before this was kept. */
  locator?: ChunkLocator;
}

/** Which model of which provider answered. */
export interface ModelOrigin {
  provider: string;
  model: string;
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** A step of a tool that Parley runs itself because the model called for it. */
export interface ServerToolEvent {
  type: 'server_tool';
  callId: string;
  tool: 'file_search' | 'http';
  name: string;
  state: 'started' | 'completed' | 'failed';
  /** JSON as the model wrote it, shortened; with `started`. */
  arguments?: string;
  /** What a search found, best first and bounded; with `completed`, when the request wants to see it. */
  results?: FoundPassage[];
  /** What the model was told instead of a result; with `failed`. */
  error?: string;
}

/**
 * What a run tells its listeners, in this order: deltas, then one of completed, cancelled and failed. A listener that came
 * later is first told that it is attached.
 */
export type RunEvent =
  | { type: 'attached' }
  | { type: 'text'; text: string }
  | { type: 'tool_call'; index: number; id?: string; name?: string; argumentsDelta: string }
  | ServerToolEvent
  | { type: 'heartbeat' }
  | { type: 'completed'; finishReason: FinishReason; usage: Usage; annotations: FileCitation[]; origin?: ModelOrigin }
  | { type: 'cancelled'; usage: Usage; annotations: FileCitation[]; origin?: ModelOrigin }
  | { type: 'failed'; error: SerializedError };

/**
 * How much of an answer an event tells: its characters, and one for the beginning of each tool call and each step of a
 * server tool. Their sum is a place in the answer that any process can go on from, whatever pieces the events came in.
 */
export function extentOf(event: RunEvent): number {
  if (event.type === 'text') return event.text.length;
  if (event.type === 'server_tool') return 1;
  if (event.type !== 'tool_call') return 0;
  return event.argumentsDelta.length + (event.id === undefined ? 0 : 1);
}

/** Replies as soon as the run is stored and under way; its events follow on the stream named by `runId`. */
export const StartRun = defineRpc<StartRunReply>()({
  name: 'chat.start-run.v1',
  request: StartRunRequest,
  timeoutMs: 15_000,
});
