import { type FileCitation, type SearchHit } from '@parley/contracts';
import { type ChatMessage } from '@parley/llm';
import { type BrokenAnswer } from '../conversations/conversation-history.js';
import { citationsOf } from './citations.js';

const GO_ON =
  'Your answer broke off. Go on with it exactly where it stops, in the middle of a word if need be. ' +
  'Repeat nothing, and say nothing about the interruption.';

/** What asks a model to go on: its own words, and that it is to do so. An answer without a word is simply begun. */
export function continuationMessages({ text }: BrokenAnswer): ChatMessage[] {
  if (text === '') return [];
  return [
    { role: 'assistant', content: text },
    { role: 'user', content: GO_ON },
  ];
}

/** Citations of the part that was there stay as they were made: the passages may be others by now. */
export function continuedCitations(
  whole: string,
  { text, annotations }: BrokenAnswer,
  passages: readonly SearchHit[],
): FileCitation[] {
  if (annotations.length === 0) return citationsOf(whole, passages);
  const added = citationsOf(whole.slice(text.length), passages);
  return [...annotations, ...added.map((citation) => ({ ...citation, index: citation.index + text.length }))];
}

/** Leaves out of a continuation what is said again: some models begin anew with all of the text that is there. */
export class RepeatedBeginning {
  #held = '';
  #isOver = false;

  constructor(private readonly said: string) {}

  /** What of the text is new; nothing while it may still be a repetition. */
  rest(text: string): string {
    if (this.#isOver) return text;
    this.#held += text;
    if (this.#held.length < this.said.length && this.said.startsWith(this.#held)) return '';
    this.#isOver = true;
    return this.#held.startsWith(this.said) ? this.#held.slice(this.said.length) : this.#held;
  }
}
