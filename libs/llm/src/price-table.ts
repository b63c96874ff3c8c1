import { type ModelOrigin } from '@parley/contracts';
import { type Usage } from './chat-provider.js';

/** In millionths of a currency unit for a million tokens. */
export interface ModelPrice extends ModelOrigin {
  input: number;
  /** Of input that the provider had cached; `input` when undefined. */
  cachedInput?: number | undefined;
  output: number;
}

const TOKENS_PER_PRICE = 1_000_000n;

/** What answers cost. Exact: in integers, rounded once, half a millionth up. */
export class PriceTable {
  readonly #prices: ReadonlyMap<string, ModelPrice>;

  constructor(prices: readonly ModelPrice[]) {
    this.#prices = new Map(prices.map((price) => [keyOf(price), price]));
  }

  /** In millionths of a currency unit; null when the model has no price, which is not the same as costing nothing. */
  costMicros(origin: ModelOrigin, { promptTokens, completionTokens, cachedTokens = 0 }: Usage): number | null {
    const price = this.#prices.get(keyOf(origin));
    if (!price) return null;
    const cached = Math.min(cachedTokens, promptTokens);
    const total =
      BigInt(promptTokens - cached) * BigInt(price.input) +
      BigInt(cached) * BigInt(price.cachedInput ?? price.input) +
      BigInt(completionTokens) * BigInt(price.output);
    return Number((total + TOKENS_PER_PRICE / 2n) / TOKENS_PER_PRICE);
  }
}

function keyOf({ provider, model }: ModelOrigin): string {
  return `${provider} ${model}`;
}
