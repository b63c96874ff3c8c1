import { DomainError, type FileCitation, type FinishReason, type ModelOrigin, type Usage } from '@parley/contracts';
import { type ChatChunk, type ToolCall } from '@parley/llm';
import { addUsage, usageFromProvider } from './usage.js';

const MAX_CHARACTERS = 2 ** 22;

/** An answer as it grows. */
export class Answer {
  annotations: FileCitation[] = [];
  usage: Usage | null = null;
  /** Who answered; null until somebody did. */
  origin: ModelOrigin | null = null;
  finishReason: FinishReason | null = null;
  /** The provider stopped because it was told to. */
  wasStopped = false;
  readonly #toolCalls: ToolCall[] = [];
  #characters = 0;

  /** @param text what it begins with */
  constructor(public text = '') {}

  /** @throws DomainError `provider_error` when a provider does not stop */
  add(chunk: ChatChunk): void {
    switch (chunk.type) {
      case 'origin':
        this.origin = chunk.origin;
        break;
      case 'text':
        this.#grow(chunk.text);
        this.text += chunk.text;
        break;
      case 'tool_call':
        this.#grow(chunk.argumentsDelta);
        this.#addToolCall(chunk);
        break;
      case 'finish':
        if (chunk.finishReason === 'cancelled') this.wasStopped = true;
        else this.finishReason = chunk.finishReason;
        break;
      case 'usage':
        this.usage = addUsage(this.usage, usageFromProvider(chunk.usage, chunk.costMicros ?? null));
        break;
    }
  }

  /** In the order of their indexes; null when there is none. */
  get toolCalls(): ToolCall[] | null {
    const calls = this.#toolCalls.filter(Boolean);
    return calls.length > 0 ? calls : null;
  }

  #grow(piece: string): void {
    this.#characters += piece.length;
    if (this.#characters > MAX_CHARACTERS) throw new DomainError('provider_error', 'The answer is too long.');
  }

  #addToolCall({ index, id, name, argumentsDelta }: Extract<ChatChunk, { type: 'tool_call' }>): void {
    const call = (this.#toolCalls[index] ??= { id: '', name: '', arguments: '' });
    call.id ||= id ?? '';
    call.name ||= name ?? '';
    call.arguments += argumentsDelta;
  }
}
