import { type ModelOrigin } from '@parley/contracts';
import { type Usage } from './chat-provider.js';

/** In millionths of a currency unit for a million tokens, or characters that are read aloud. */
export interface ModelPrice extends ModelOrigin {
  /** Undefined with `output`: of a model that only speaks. */
  input?: number | undefined;
  /** Of input that the provider had cached; `input` when undefined. */
  cachedInput?: number | undefined;
  output?: number | undefined;
  /** Of a text that is read aloud. */
  characters?: number | undefined;
}

const UNITS_PER_PRICE = 1_000_000n;

/** What answers and speech cost. Exact: in integers, rounded once, half a millionth up. */
export class PriceTable {
  readonly #prices: ReadonlyMap<string, ModelPrice>;

  constructor(prices: readonly ModelPrice[]) {
    this.#prices = new Map(prices.map((price) => [keyOf(price), price]));
  }

  /** In millionths of a currency unit; null when the model has no price, which is not the same as costing nothing. */
  costMicros(origin: ModelOrigin, { promptTokens, completionTokens, cachedTokens = 0 }: Usage): number | null {
    const price = this.#prices.get(keyOf(origin));
    if (price?.input === undefined || price.output === undefined) return null;
    const cached = Math.min(cachedTokens, promptTokens);
    const total =
      BigInt(promptTokens - cached) * BigInt(price.input) +
      BigInt(cached) * BigInt(price.cachedInput ?? price.input) +
      BigInt(completionTokens) * BigInt(price.output);
    return rounded(total);
  }

  /** The same of a text that is read aloud. */
  speechCostMicros(origin: ModelOrigin, characters: number): number | null {
    const price = this.#prices.get(keyOf(origin))?.characters;
    return price === undefined ? null : rounded(BigInt(characters) * BigInt(price));
  }
}

function rounded(total: bigint): number {
  return Number((total + UNITS_PER_PRICE / 2n) / UNITS_PER_PRICE);
}

function keyOf({ provider, model }: ModelOrigin): string {
  return `${provider} ${model}`;
}
