import {
  deserializeError,
  type FinishReason,
  formatId,
  type RunEvent,
  type ServerToolEvent,
  type StartRunReply,
} from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';
import { type FileCitationObject, fileCitationObject } from './annotation.view.js';
import { endedEarly, type RunCancelled, type RunCompleted } from './answer.js';
import { type Run } from './run.client.js';
import { type UsageObject, usageObject } from './usage.view.js';

interface ToolCallFragment {
  index: number;
  id?: string;
  type?: 'function';
  function: { name?: string; arguments: string };
}

interface Delta {
  role?: 'assistant';
  content?: string;
  tool_calls?: ToolCallFragment[];
  annotations?: FileCitationObject[];
}

/** What OpenAI's chunk has no field for. */
export interface ChunkOrigin {
  run_id: string;
  /** Null when nothing is kept. */
  message_id: string | null;
  /** The message that the answer follows. */
  parent_id: string | null;
  provider: string;
  /** That really answered. */
  model?: string;
  usage_estimated?: boolean;
  /** In millionths of the currency of the prices. */
  cost_micros?: number | null;
  status?: 'completed' | 'cancelled';
  /** A step of a tool that Parley runs itself. */
  server_tool?: { call_id: string; type: string; name: string; state: string; arguments?: string };
}

/** OpenAI's `chat.completion.chunk`, with Parley's fields on the first and the last one of a choice. */
export interface CompletionChunk {
  id: string;
  object: 'chat.completion.chunk';
  created: number;
  model: string;
  choices: { index: 0; delta: Delta; finish_reason: FinishReason | null; logprobs: null }[];
  usage?: UsageObject | null;
  conversation_id?: string | null;
  parley?: ChunkOrigin;
}

export interface ChunkFrame {
  chunk: CompletionChunk;
  /** The place in the answer behind this chunk, to go on from; absent where more of the same event follows. */
  position?: number;
}

export interface ChunkOptions {
  includeUsage: boolean;
  /** The client has heard the beginning already. */
  isResumed?: boolean;
}

/**
 * A run's events as OpenAI's stream of chunks: the role, the deltas, citations on the last content delta,
 * the finish reason, and the usage when asked for.
 * @throws DomainError with the run's failure, or `stream_interrupted` when it ends without a result
 */
export async function* completionChunks(run: Run, options: ChunkOptions): AsyncGenerator<ChunkFrame> {
  const chunks = new ChunkFactory(run, options.includeUsage);
  if (!options.isResumed) yield { chunk: chunks.first() };
  for await (const { position, data } of run.events) {
    if (data.type === 'failed') throw deserializeError(data.error);
    if (data.type === 'text') yield { chunk: chunks.delta({ content: data.text }), position };
    if (data.type === 'tool_call') yield { chunk: chunks.delta({ tool_calls: [fragment(data)] }), position };
    if (data.type === 'server_tool') yield { chunk: chunks.step(data), position };
    if (data.type !== 'completed' && data.type !== 'cancelled') continue;
    const last = chunks.last(data);
    yield* last.map((chunk, index) => (index === last.length - 1 ? { chunk, position } : { chunk }));
    return;
  }
  throw endedEarly();
}

class ChunkFactory {
  readonly #base: Pick<CompletionChunk, 'id' | 'object' | 'created' | 'model'>;

  constructor(
    private readonly run: StartRunReply,
    private readonly includeUsage: boolean,
  ) {
    this.#base = {
      id: formatId('completion', run.runId),
      object: 'chat.completion.chunk',
      created: unixSeconds(run.createdAt),
      model: run.model,
    };
  }

  first(): CompletionChunk {
    return { ...this.delta({ role: 'assistant', content: '' }), ...this.#ours({}) };
  }

  delta(delta: Delta, finishReason: FinishReason | null = null): CompletionChunk {
    return {
      ...this.#base,
      choices: [{ index: 0, delta, finish_reason: finishReason, logprobs: null }],
      ...(this.includeUsage ? { usage: null } : {}),
    };
  }

  /** Without content: clients that know nothing of it show nothing. */
  step({ callId, tool, name, state, arguments: args }: ServerToolEvent): CompletionChunk {
    const server_tool = {
      call_id: callId,
      type: tool,
      name,
      state,
      ...(args === undefined ? {} : { arguments: args }),
    };
    return { ...this.delta({}), ...this.#ours({ server_tool }) };
  }

  /** A cancelled answer ends like one that the model has stopped: OpenAI's clients know no other word for it. */
  last(end: RunCompleted | RunCancelled): CompletionChunk[] {
    const { usage, annotations, origin } = end;
    const cited = annotations.map(fileCitationObject);
    const { estimated: usage_estimated, costMicros: cost_micros } = usage;
    const ours = this.#ours({ ...origin, usage_estimated, cost_micros, status: end.type });
    const finish = { ...this.delta({}, end.type === 'completed' ? end.finishReason : 'stop'), ...ours };
    return [
      ...(cited.length > 0 ? [this.delta({ content: '', annotations: cited })] : []),
      finish,
      ...(this.includeUsage ? [{ ...this.#base, choices: [], usage: usageObject(usage) }] : []),
    ];
  }

  #ours(more: Partial<ChunkOrigin>): Pick<CompletionChunk, 'conversation_id' | 'parley'> {
    const { conversationId, messageId, parentId, runId, provider } = this.run;
    const message = (id: string | null) => id && formatId('message', id);
    return {
      conversation_id: conversationId === null ? null : formatId('conversation', conversationId),
      parley: {
        run_id: formatId('run', runId),
        message_id: message(messageId),
        parent_id: message(parentId),
        provider,
        ...more,
      },
    };
  }
}

/** `id` and `name` stand in the first fragment of a call alone, as the run's events have them. */
function fragment(event: Extract<RunEvent, { type: 'tool_call' }>): ToolCallFragment {
  const { index, id, name, argumentsDelta } = event;
  return {
    index,
    ...(id === undefined ? {} : { id, type: 'function' as const }),
    function: { ...(name === undefined ? {} : { name }), arguments: argumentsDelta },
  };
}
