import {
  deserializeError,
  type FileCitation,
  type FinishReason,
  formatId,
  type MessageView,
  type RunEvent,
  type ServerToolEvent,
  type ToolCall,
} from '@parley/contracts';
import { mediaTypeOf } from '../files/file-type.js';
import { fileCitationObject } from '../runs/annotation.view.js';
import { endedEarly, type RunCancelled, type RunCompleted } from '../runs/answer.js';
import { type Run } from '../runs/run.client.js';
import { usageObject } from '../runs/usage.view.js';

/** A part of the AI SDK's UI message stream, version 1. */
export interface UiMessageChunk {
  type: string;
  [field: string]: unknown;
}

export interface ToldUiMessage {
  /** The client's message that the answer stands in: an answer in several steps is one message there. */
  messageId: string;
  /** What the message says before this run: answers that called tools, and the results. */
  earlier: readonly MessageView[];
}

const FINISH_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  content_filter: 'content-filter',
};

/**
 * A run's events, heard from the beginning, as the AI SDK's stream of one message.
 * @throws DomainError with the run's failure, or `stream_interrupted` when it ends without a result
 */
export async function* uiMessageChunks(
  run: Run,
  { messageId, earlier }: ToldUiMessage,
): AsyncGenerator<UiMessageChunk> {
  yield { type: 'start', messageId, messageMetadata: { parley: placeOf(run) } };
  for (const message of earlier) yield* earlierStep(message);
  yield { type: 'start-step' };
  const step = new StepTelling(formatId('message', run.messageId ?? run.runId));
  for await (const { data } of run.events) {
    if (data.type === 'text') yield* step.text(data.text);
    if (data.type === 'tool_call') yield* step.call(data);
    if (data.type === 'server_tool') yield* step.serverTool(data);
    if (data.type === 'failed') {
      yield* step.endText();
      throw deserializeError(data.error);
    }
    if (data.type !== 'completed' && data.type !== 'cancelled') continue;
    yield* step.end(data);
    return;
  }
  throw endedEarly();
}

function placeOf({ runId, conversationId, messageId, parentId }: Run): object {
  const id = (kind: 'conversation' | 'message', uuid: string | null) => uuid && formatId(kind, uuid);
  return {
    run_id: formatId('run', runId),
    conversation_id: id('conversation', conversationId),
    message_id: id('message', messageId),
    parent_id: id('message', parentId),
  };
}

/** A client that hears of a call in full would make it: this one was made and answered. */
function* earlierStep({ id, role, content, toolCalls, toolCallId }: MessageView): Generator<UiMessageChunk> {
  if (role === 'tool') {
    yield { type: 'tool-output-available', toolCallId, output: parsed(content) ?? content };
    return;
  }
  const step = new StepTelling(formatId('message', id));
  yield { type: 'start-step' };
  if (content !== '') yield* step.text(content);
  yield* step.endText();
  for (const { id: toolCallId, function: called } of toolCalls) {
    yield { type: 'tool-input-start', toolCallId, toolName: called.name };
    yield { type: 'tool-input-delta', toolCallId, inputTextDelta: called.arguments };
  }
  yield { type: 'finish-step' };
}

/** Opens and closes the parts of one step in their order. */
class StepTelling {
  #texts = 0;
  #isTextOpen = false;
  #openCall: ToolCall | null = null;
  readonly #serverTools = new Set<string>();

  constructor(private readonly id: string) {}

  *text(delta: string): Generator<UiMessageChunk> {
    yield* this.#endCall();
    if (!this.#isTextOpen) {
      this.#isTextOpen = true;
      this.#texts += 1;
      yield { type: 'text-start', id: this.#textId };
    }
    yield { type: 'text-delta', id: this.#textId, delta };
  }

  *endText(): Generator<UiMessageChunk> {
    if (!this.#isTextOpen) return;
    this.#isTextOpen = false;
    yield { type: 'text-end', id: this.#textId };
  }

  *call({ id, name = '', argumentsDelta }: Extract<RunEvent, { type: 'tool_call' }>): Generator<UiMessageChunk> {
    if (id !== undefined) {
      yield* this.#endParts();
      this.#openCall = { id, type: 'function', function: { name, arguments: '' } };
      yield { type: 'tool-input-start', toolCallId: id, toolName: name };
    }
    if (!this.#openCall || argumentsDelta === '') return;
    this.#openCall.function.arguments += argumentsDelta;
    yield { type: 'tool-input-delta', toolCallId: this.#openCall.id, inputTextDelta: argumentsDelta };
  }

  /** Of a tool that Parley runs itself; what came out of it is told to the model alone. */
  *serverTool({ callId: toolCallId, name, state, arguments: args = '' }: ServerToolEvent): Generator<UiMessageChunk> {
    const ours = { toolCallId, providerExecuted: true, dynamic: true };
    if (state === 'started') {
      yield* this.#endParts();
      this.#serverTools.add(toolCallId);
      yield { type: 'tool-input-available', ...ours, toolName: name, input: parsed(args) ?? args };
    } else if (this.#serverTools.delete(toolCallId)) {
      yield state === 'completed'
        ? { type: 'tool-output-available', ...ours, output: { state } }
        : { type: 'tool-output-error', ...ours, errorText: `${name} failed.` };
    }
  }

  *end(end: RunCompleted | RunCancelled): Generator<UiMessageChunk> {
    const { usage, annotations, origin } = end;
    if (end.type === 'completed') yield* this.#endCall();
    yield* this.endText();
    yield* sources(annotations);
    yield { type: 'finish-step' };
    const { estimated: usage_estimated, costMicros: cost_micros } = usage;
    const said = { status: end.type, annotations: annotations.map(fileCitationObject), usage: usageObject(usage) };
    const messageMetadata = { parley: { ...said, ...origin, usage_estimated, cost_micros } };
    if (end.type === 'completed') {
      yield { type: 'finish', finishReason: FINISH_REASONS[end.finishReason], messageMetadata };
    } else {
      yield { type: 'message-metadata', messageMetadata };
      yield { type: 'abort', reason: 'The run was stopped.' };
    }
  }

  *#endParts(): Generator<UiMessageChunk> {
    yield* this.#endCall();
    yield* this.endText();
  }

  *#endCall(): Generator<UiMessageChunk> {
    if (!this.#openCall) return;
    yield calledChunk(this.#openCall);
    this.#openCall = null;
  }

  get #textId(): string {
    return `${this.id}-${this.#texts}`;
  }
}

function calledChunk({ id: toolCallId, function: { name: toolName, arguments: args } }: ToolCall): UiMessageChunk {
  const input = args === '' ? {} : parsed(args);
  if (input !== null) return { type: 'tool-input-available', toolCallId, toolName, input };
  return { type: 'tool-input-error', toolCallId, toolName, input: args, errorText: 'The arguments are not JSON.' };
}

/** Each cited chunk once; where in the text it is cited stands in the message's metadata. */
function* sources(annotations: readonly FileCitation[]): Generator<UiMessageChunk> {
  const cited = new Map(annotations.map((citation) => [citation.chunkId, citation]));
  for (const citation of cited.values()) {
    const { filename, url } = citation;
    const place = { ...fileCitationObject(citation) };
    const shared = { sourceId: place.chunk_id, title: filename, providerMetadata: { parley: place } };
    yield url === undefined
      ? { type: 'source-document', ...shared, mediaType: mediaTypeOf(filename), filename }
      : { type: 'source-url', ...shared, url };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
