import { type ChatChunk, type ToolCall } from '@parley/llm';

type CallChunk = Extract<ChatChunk, { type: 'tool_call' }>;

/**
 * The calls of one round, told apart by their names: those of the client's functions go on to it, numbered without gaps;
 * those of server tools are kept.
 */
export class RoundCalls {
  readonly #server = new Map<number, ToolCall>();
  readonly #clientIndexes = new Map<number, number>();

  constructor(private readonly isServerTool: (name: string) => boolean) {}

  get server(): ToolCall[] {
    return [...this.#server.values()];
  }

  get hasClientCalls(): boolean {
    return this.#clientIndexes.size > 0;
  }

  /** @returns the fragment as the client is told it, or null for one of a server tool */
  add(chunk: CallChunk): CallChunk | null {
    const kept = this.#server.get(chunk.index);
    if (kept) {
      kept.arguments += chunk.argumentsDelta;
      return null;
    }
    const known = this.#clientIndexes.get(chunk.index);
    if (known === undefined && chunk.name !== undefined && this.isServerTool(chunk.name)) {
      const id = chunk.id ?? `call_${chunk.index}`;
      this.#server.set(chunk.index, { id, name: chunk.name, arguments: chunk.argumentsDelta });
      return null;
    }
    const index = known ?? this.#clientIndexes.size;
    this.#clientIndexes.set(chunk.index, index);
    return { ...chunk, index };
  }
}
