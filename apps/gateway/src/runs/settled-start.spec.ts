import { describe, expect, it } from '@jest/globals';
import { type RunEvent } from '@parley/contracts';
import { type RunEventItem } from './run-listener.js';
import { type Run } from './run.client.js';
import { settledStart } from './settled-start.js';

const start = {
  runId: 'r',
  conversationId: null,
  messageId: null,
  parentId: null,
  model: 'm',
  provider: 'p',
  createdAt: '',
};
const failed: RunEvent = { type: 'failed', error: { code: 'not_found', message: 'No such vector store.' } };

function runOf(...events: (RunEvent | Promise<RunEvent>)[]) {
  const seen = { closed: false };
  async function* items(): AsyncGenerator<RunEventItem> {
    try {
      for (const [index, event] of events.entries()) yield { position: index + 1, data: await event };
    } finally {
      seen.closed = true;
    }
  }
  return { run: { ...start, events: items() } satisfies Run, seen };
}

async function typesOf(run: Run): Promise<string[]> {
  const types = [];
  for await (const { data } of run.events) types.push(data.type);
  return types;
}

describe('settledStart', () => {
  it('throws the failure of a run that fails at once, and stops listening', async () => {
    const { run, seen } = runOf(failed);
    await expect(settledStart(run)).rejects.toMatchObject({ code: 'not_found' });
    expect(seen.closed).toBe(true);
  });

  it('loses no event of a run that starts well', async () => {
    const { run, seen } = runOf({ type: 'text', text: 'a' }, { type: 'text', text: 'b' }, failed);
    expect(await typesOf(await settledStart(run))).toEqual(['text', 'text', 'failed']);
    expect(seen.closed).toBe(true);
  });

  it('does not wait for a slow provider longer than the hold', async () => {
    const late = Promise.withResolvers<RunEvent>();
    const settled = await settledStart(runOf(late.promise).run, 1);
    late.resolve(failed);
    expect(await typesOf(settled)).toEqual(['failed']);
  });

  it('passes on that the listening broke off', async () => {
    const broken = Promise.reject(new Error('gap'));
    await expect(settledStart(runOf(broken).run)).rejects.toThrow('gap');
  });
});
