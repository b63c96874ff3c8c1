import { describe, expect, it } from '@jest/globals';
import { countSeries } from '@parley/testing';
import { llmMetrics } from './run-metrics.js';

const usage = { promptTokens: 3, completionTokens: 2, estimated: false };

function ask(model: string): void {
  const call = { operation: 'chat', provider: 'openai', model } as const;
  llmMetrics.finished!({ ...call, outcome: 'completed', seconds: 1, usage });
  llmMetrics.charged!({ origin: { provider: 'openai', model }, usage, costMicros: 7 });
  llmMetrics.spoken!({ origin: { provider: 'openai', model }, characters: 9, costMicros: 7 });
}

describe('The metrics of language models', () => {
  it('stay as many when a provider serves ever more models', async () => {
    for (let n = 0; n < 101; n++) ask(`model-${n}`);
    const first = await countSeries();
    for (let n = 101; n < 400; n++) ask(`model-${n}`);
    expect(await countSeries()).toBe(first);
  });
});
