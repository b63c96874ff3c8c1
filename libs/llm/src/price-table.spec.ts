import { describe, expect, it } from '@jest/globals';
import { PriceTable } from './price-table.js';

const prices = new PriceTable([
  { provider: 'openai', model: 'gpt-4o', input: 2_500_000, cachedInput: 1_250_000, output: 10_000_000 },
  { provider: 'local', model: 'qwen', input: 1, output: 1 },
  { provider: 'openai', model: 'tts-1', characters: 15_000_000 },
  { provider: 'dear', model: 'opus', input: 999_999_999_999, output: 999_999_999_999 },
]);
const usage = (promptTokens: number, completionTokens: number, cachedTokens = 0) => ({
  promptTokens,
  completionTokens,
  cachedTokens,
  estimated: false,
});

describe('PriceTable', () => {
  it('charges input, cached input and output by their own prices', () => {
    const cost = prices.costMicros({ provider: 'openai', model: 'gpt-4o' }, usage(1_000, 200, 400));
    expect(cost).toBe(600 * 2.5 + 400 * 1.25 + 200 * 10);
  });

  it('charges cached input like other input where it has no price of its own', () => {
    const origin = { provider: 'local', model: 'qwen' };
    expect(prices.costMicros(origin, usage(3_000_000, 0, 1_000_000))).toBe(3);
  });

  it('rounds once, to the nearest millionth', () => {
    const origin = { provider: 'local', model: 'qwen' };
    expect(prices.costMicros(origin, usage(250_000, 249_999))).toBe(0);
    expect(prices.costMicros(origin, usage(250_000, 250_000))).toBe(1);
  });

  it('stays exact where floating point would not', () => {
    const origin = { provider: 'dear', model: 'opus' };
    expect(prices.costMicros(origin, usage(1_000_001, 0))).toBe(1_000_000_999_999);
  });

  it('knows no cost without a price: not of another provider, not of another model', () => {
    expect(prices.costMicros({ provider: 'local', model: 'gpt-4o' }, usage(1, 1))).toBeNull();
    expect(prices.costMicros({ provider: 'openai', model: 'gpt-4' }, usage(1, 1))).toBeNull();
  });

  it('charges characters that are read aloud, where they have a price', () => {
    expect(prices.speechCostMicros({ provider: 'openai', model: 'tts-1' }, 1_001)).toBe(15_015);
    expect(prices.speechCostMicros({ provider: 'openai', model: 'gpt-4o' }, 1_001)).toBeNull();
    expect(prices.costMicros({ provider: 'openai', model: 'tts-1' }, usage(1, 1))).toBeNull();
  });

  it('never charges more cached tokens than there were', () => {
    expect(prices.costMicros({ provider: 'openai', model: 'gpt-4o' }, usage(10, 0, 50))).toBe(13);
  });
});
