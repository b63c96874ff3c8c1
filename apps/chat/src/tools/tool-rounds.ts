import { type ServerToolEvent } from '@parley/contracts';
import { type ChatChunk, type ChatMessage, type ChatRequest, type FinishReason, type ToolCall } from '@parley/llm';
import { RoundCalls } from './round-calls.js';
import { type ServerTool, ToolFault, type ToolResult } from './server-tool.js';
import { toldResults } from './told-results.js';

export type RoundChunk = ChatChunk | ServerToolEvent;

export interface ToolRoundsOptions {
  ask: (request: ChatRequest) => AsyncIterable<ChatChunk>;
  tools: readonly ServerTool[];
  /** How often the model may ask for tools; then it has to answer. */
  maxRounds: number;
  /** What a result may have of the model's context, given the messages so far. */
  fit: (result: string, messages: ChatMessage[], share: number) => string;
  /** Whether the steps tell what searches found. */
  tellsResults: boolean;
  signal: AbortSignal;
}

/** Of one round; a model that asks for more is told so. */
const MAX_CALLS = 8;
const MAX_TOLD_ARGUMENTS = 2_000;
const BETWEEN_ROUNDS = '\n\n';

/**
 * Asks the model, runs the server tools that it calls, and asks again with their results, until it answers. Calls of the
 * client's functions end the rounds: the client has to answer those first, and the model asks again for the rest.
 */
export async function* answerInRounds(request: ChatRequest, options: ToolRoundsOptions): AsyncGenerator<RoundChunk> {
  if (options.tools.length === 0) return yield* options.ask(request);
  let { messages, toolChoice } = request;
  let hasText = false;
  for (let round = 0; ; round++) {
    const isLast = round === options.maxRounds;
    const asked: Round = new Round(options, hasText);
    const tools = [...(request.tools ?? []), ...options.tools.map(({ definition }) => definition)];
    yield* asked.chunks({ ...request, messages, tools, toolChoice: isLast ? 'none' : toolChoice });
    if (isLast || !asked.wantsResults) return yield asked.finish;
    messages = [...messages, { role: 'assistant', content: asked.text, toolCalls: asked.calls.server }];
    messages = yield* results(asked.calls.server, messages, options);
    hasText ||= asked.text !== '';
    // A choice that forces a call would force it for ever.
    toolChoice = 'auto';
  }
}

/** One question to the model. */
class Round {
  readonly calls: RoundCalls;
  text = '';
  #finishReason: FinishReason = 'stop';

  constructor(
    private readonly options: ToolRoundsOptions,
    private readonly followsText: boolean,
  ) {
    this.calls = new RoundCalls((name) => options.tools.some(({ definition }) => definition.function.name === name));
  }

  get wantsResults(): boolean {
    const isAsking = this.calls.server.length > 0 && !this.calls.hasClientCalls;
    return isAsking && this.#finishReason !== 'cancelled' && this.#finishReason !== 'length';
  }

  /** A call that was not run is no reason to stop that a client could understand. */
  get finish(): ChatChunk {
    const isOurs = this.#finishReason === 'tool_calls' && !this.calls.hasClientCalls;
    return { type: 'finish', finishReason: isOurs ? 'stop' : this.#finishReason };
  }

  async *chunks(request: ChatRequest): AsyncGenerator<ChatChunk> {
    for await (const chunk of this.options.ask(request)) {
      if (chunk.type === 'finish') this.#finishReason = chunk.finishReason;
      else if (chunk.type === 'tool_call') {
        const told = this.calls.add(chunk);
        if (told) yield told;
      } else {
        if (chunk.type === 'text' && this.text === '' && this.followsText) yield { type: 'text', text: BETWEEN_ROUNDS };
        if (chunk.type === 'text') this.text += chunk.text;
        yield chunk;
      }
    }
  }
}

/** Runs the calls side by side, tells how they fare, and gives the messages with their results, in the order of the calls. */
async function* results(
  calls: ToolCall[],
  messages: ChatMessage[],
  options: ToolRoundsOptions,
): AsyncGenerator<ServerToolEvent, ChatMessage[]> {
  const running = calls.map((call, position) => run(call, position, options));
  for (const call of calls) yield stepOf(call, 'started', options);
  const answered: ChatMessage[] = [];
  for (const [position, call] of calls.entries()) {
    const { text, found, fault } = await running[position]!;
    if (fault === undefined) {
      const results = found && options.tellsResults ? { results: toldResults(found) } : {};
      yield { ...stepOf(call, 'completed', options), ...results };
    } else yield { ...stepOf(call, 'failed', options), error: fault };
    const content = options.fit(text, [...messages, ...answered], 1 / (calls.length - position));
    answered.push({ role: 'tool', content, toolCallId: call.id });
  }
  options.signal.throwIfAborted();
  return [...messages, ...answered];
}

async function run(
  { name, arguments: args }: ToolCall,
  position: number,
  { tools, signal }: ToolRoundsOptions,
): Promise<ToolResult & { fault?: string }> {
  try {
    if (position >= MAX_CALLS) throw new ToolFault(`At most ${MAX_CALLS} tools can be called at a time.`);
    const tool = tools.find(({ definition }) => definition.function.name === name)!;
    return await tool.run(args, signal);
  } catch (error) {
    const fault = error instanceof ToolFault ? error.message : 'The tool failed.';
    return { text: `Error: ${fault}`, fault };
  }
}

function stepOf(call: ToolCall, state: ServerToolEvent['state'], { tools }: ToolRoundsOptions): ServerToolEvent {
  const { kind } = tools.find(({ definition }) => definition.function.name === call.name)!;
  const told = state === 'started' ? { arguments: call.arguments.slice(0, MAX_TOLD_ARGUMENTS) } : {};
  return { type: 'server_tool', callId: call.id, tool: kind, name: call.name, state, ...told };
}
