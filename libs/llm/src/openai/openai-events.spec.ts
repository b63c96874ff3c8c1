import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Beat } from './beat.js';
import { readEvents } from './openai-events.js';

/** Longer than any of these specs may take: who waits for it hangs. */
const SLOW_BEAT = new Beat(600_000);
const EVENT = (n: number) => `data: {"n":${n}}\n\n`;

function streamed() {
  const body = new PassThrough();
  const response = Object.defineProperty(new Response(null), 'body', { value: body });
  return { body, response };
}

/** The first batch is taken at once, the others at the beat. */
function read(response: Response, beat: Beat) {
  let isFirst = true;
  return readEvents<{ n: number }>(response, () => {
    const waitsFor = isFirst ? undefined : beat;
    isFirst = false;
    return waitsFor;
  });
}

describe('Events of a streamed answer', () => {
  it('are given at once until a beat is set, and then all together that came until it', async () => {
    const { body, response } = streamed();
    const batches = read(response, new Beat(20));
    body.write(EVENT(1));
    const first = await batches.next();
    for (const n of [2, 3]) body.write(EVENT(n));

    expect(first.value).toEqual([{ n: 1 }]);
    expect((await batches.next()).value).toEqual([{ n: 2 }, { n: 3 }]);
  });

  it.each([
    ['the last word', (body: PassThrough) => body.write('data: [DONE]\n\n')],
    ['the end', (body: PassThrough) => body.end()],
    ['more than may wait', (body: PassThrough) => body.write(`data: {"n":3,"text":"${'x'.repeat(300_000)}"}\n\n`)],
  ])('do not wait for the beat after %s', async (_, happens) => {
    const { body, response } = streamed();
    const batches = read(response, SLOW_BEAT);
    body.write(EVENT(1));
    await batches.next();
    const rest = batches.next();
    body.write(EVENT(2));
    happens(body);

    expect((await rest).value?.[0]).toEqual({ n: 2 });
  });

  it('that came before the stream broke are given before its failure', async () => {
    const { body, response } = streamed();
    const batches = read(response, SLOW_BEAT);
    body.write(EVENT(1));
    await batches.next();
    const rest = batches.next();
    body.write(EVENT(2), () => body.destroy(new Error('cut')));

    expect((await rest).value).toEqual([{ n: 2 }]);
    await expect(batches.next()).rejects.toThrow('cut');
  });

  it('are no longer read when nobody takes them, and the connection is closed when the reader leaves', async () => {
    const { body, response } = streamed();
    const batches = read(response, SLOW_BEAT);
    body.write(EVENT(1));
    await batches.next();
    const large = `data: {"n":2,"text":"${'x'.repeat(100_000)}"}\n\n`;
    for (let count = 0; count < 8; count += 1) body.write(large);

    expect(body.isPaused()).toBe(true);
    await batches.return(undefined);
    expect(body.destroyed).toBe(true);
  });
});
