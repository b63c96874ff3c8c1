import { DomainError, type SearchHit } from '@parley/contracts';
import { type ChatMessage } from '@parley/llm';
import { renderPassage } from './prompt.js';
import { splitTurns } from './turns.js';

export interface WindowContents {
  instructions: ChatMessage[];
  /** Best first; null when nothing was searched. */
  passages: SearchHit[] | null;
  /** Of what was said before `talk`. */
  summary: ChatMessage | null;
  /** The conversation in order, the turn to be answered last. */
  talk: ChatMessage[];
}

export interface WindowLimits {
  /** What prompt and answer may have together. */
  contextTokens: number;
  /** Room kept for the answer, and whatever else the request carries besides messages. */
  reservedTokens: number;
  /** Answered turns that are remembered. */
  maxTurns: number;
  countTokens: (messages: ChatMessage[]) => number;
}

export interface FittedContents {
  instructions: ChatMessage[];
  passages: SearchHit[] | null;
  summary: ChatMessage | null;
  history: ChatMessage[];
  newest: ChatMessage[];
}

/** The rules and frame that the prompt puts around passages. */
const GROUNDING_TOKENS = 150;

/**
 * Cuts a prompt to the model's context: instructions and the newest turn always stay, then the best passages, then the
 * summary, then as many whole turns as fit, the latest first.
 * @throws DomainError `context_length_exceeded` when not even what must stay fits
 */
export function fitToWindow(contents: WindowContents, limits: WindowLimits): FittedContents {
  const { instructions, passages, summary, talk } = contents;
  const turns = splitTurns(talk);
  const newest = turns.pop() ?? [];
  const room = limits.contextTokens - limits.reservedTokens - (passages === null ? 0 : GROUNDING_TOKENS);
  const required = limits.countTokens([...instructions, ...newest]);
  if (required > room) throw tooLong(required, limits);
  const passageTokens = (passage: SearchHit, position: number) =>
    limits.countTokens([{ role: 'user', content: renderPassage(passage, position + 1) }]);
  const grounding = takeWhileFitting(passages ?? [], room - required, passageTokens);
  const recent = limits.maxTurns > 0 ? turns.slice(-limits.maxTurns).reverse() : [];
  const { taken: summaries, left } = takeWhileFitting(summary ? [summary] : [], grounding.left, (message) =>
    limits.countTokens([message]),
  );
  const remembered = takeWhileFitting(recent, left, limits.countTokens);
  return {
    instructions,
    passages: passages && grounding.taken,
    summary: summaries[0] ?? null,
    history: remembered.taken.reverse().flat(),
    newest,
  };
}

function takeWhileFitting<T>(
  items: readonly T[],
  room: number,
  tokensOf: (item: T, position: number) => number,
): { taken: T[]; left: number } {
  const taken: T[] = [];
  let left = room;
  for (const [position, item] of items.entries()) {
    const tokens = tokensOf(item, position);
    if (tokens > left) break;
    left -= tokens;
    taken.push(item);
  }
  return { taken, left };
}

function tooLong(required: number, { contextTokens, reservedTokens }: WindowLimits): DomainError {
  const message =
    `The message has ${required} tokens with its instructions; the model takes ${contextTokens}, ` +
    `of which ${reservedTokens} are kept for the answer.`;
  return new DomainError('context_length_exceeded', message, { param: 'messages' });
}
