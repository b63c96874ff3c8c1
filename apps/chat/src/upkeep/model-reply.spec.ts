import { describe, expect, it } from '@jest/globals';
import { type ModelOrigin, type Usage } from '@parley/contracts';
import {
  chunks,
  failing,
  hanging,
  modelsOf,
  saying,
  type Script,
  ScriptedProvider,
} from '../fixtures/scripted-provider.js';
import { modelReply } from './model-reply.js';

const request = { model: 'stub-chat', messages: [{ role: 'user' as const, content: 'Name it.' }] };
const ORIGIN = { provider: 'openai', model: 'stub-chat' };

function start(script: Script) {
  const stop = new AbortController();
  const charges: [ModelOrigin, Usage][] = [];
  const charge = (...charged: [ModelOrigin, Usage]) => Promise.resolve(void charges.push(charged));
  const reply = modelReply(modelsOf(new ScriptedProvider(script)), request, { signal: stop.signal, charge });
  return { reply, charges, stop };
}

describe('modelReply', () => {
  it('is all that was said, and charged by what the provider reports', async () => {
    const { reply, charges } = start(saying('Tenancy ', 'law'));
    expect(await reply).toBe('Tenancy law');
    expect(charges).toEqual([
      [ORIGIN, expect.objectContaining({ promptTokens: 12, estimated: false, costMicros: 22 })],
    ]);
  });

  it('is charged, estimated, when it is stopped', async () => {
    const { reply, charges, stop } = start(hanging('Tenancy '));
    setImmediate(() => stop.abort(new Error('Enough.')));
    await expect(reply).rejects.toThrow('Enough.');
    expect(charges).toEqual([
      [ORIGIN, expect.objectContaining({ completionTokens: 1, estimated: true, costMicros: 14 })],
    ]);
  });

  it('is charged when it breaks off, for what was told of it', async () => {
    const usage = { type: 'usage', usage: { promptTokens: 12, completionTokens: 1, estimated: true } } as const;
    const { reply, charges } = start(async function* (...asked) {
      yield* chunks({ type: 'text', text: 'Ten' }, usage)(...asked);
      throw new Error('gone');
    });
    await expect(reply).rejects.toThrow('gone');
    expect(charges).toHaveLength(1);
  });

  it('is not charged when it does not begin', async () => {
    const { reply, charges } = start(failing(new Error('refused')));
    await expect(reply).rejects.toThrow('refused');
    expect(charges).toEqual([]);
  });
});
