import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { parse, stringify, v7 as uuidv7 } from 'uuid';

/** Where the time stands in a uuid of version 7: ids that are made later sort behind. */
const TIME_BYTES = 6;
const UUID_BYTES = 16;

/** What a request under an idempotency key is to know. */
export class IdempotencyScope {
  #made = 0;

  constructor(
    private readonly seed: string,
    /** Whether the request came before. */
    readonly isRepeated: boolean,
  ) {}

  /** The same ids in the same order, whenever and wherever the request is repeated. */
  nextId(): string {
    const hash = createHash('sha256').update(`${this.seed} ${this.#made}`).digest();
    this.#made += 1;
    const bytes = hash.subarray(0, UUID_BYTES);
    bytes.set(parse(this.seed).subarray(0, TIME_BYTES));
    bytes[6] = (bytes[6]! & 0x0f) | 0x70;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return stringify(bytes);
  }
}

export const idempotencyScope = new AsyncLocalStorage<IdempotencyScope>();

/**
 * The id of what a request makes. Owners do nothing twice for the same id; so under an idempotency key a request may be
 * repeated even if the gateway that had it first has died.
 */
export function newId(): string {
  return idempotencyScope.getStore()?.nextId() ?? uuidv7();
}

export function isRepeatedRequest(): boolean {
  return idempotencyScope.getStore()?.isRepeated ?? false;
}
