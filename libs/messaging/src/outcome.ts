/** What becomes of a command or event after its handler; handlers never see a channel. */
export type Outcome =
  | { readonly kind: 'ack' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead_letter'; readonly code: string };

/** Done: forget the message. */
export function ack(): Outcome {
  return { kind: 'ack' };
}

/** Deliver it again, not before `delayMs`. Throwing from a handler does the same with a growing delay. */
export function retry({ delayMs }: { delayMs: number }): Outcome {
  return { kind: 'retry', delayMs };
}

/** No number of tries will help; `code` says why. */
export function deadLetter(code: string): Outcome {
  return { kind: 'dead_letter', code };
}
