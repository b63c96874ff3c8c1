import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const MODULE = pathToFileURL(join(import.meta.dirname, 'stop-signal.ts')).href;

/** A process that stops in the way given, once it gets the signal. */
async function stopped(options: string): Promise<{ code: number | null; errors: string }> {
  const script = `import { onStopSignal } from '${MODULE}';
    onStopSignal({ limitMs: 60_000, ${options} });
    setInterval(() => {}, 1_000);
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', script]);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, errors };
}

describe('a stop signal', () => {
  it('ends the process when all is in order', async () => {
    expect(await stopped('stop: async () => {}')).toEqual({ code: 0, errors: '' });
  });

  it.each([
    {
      stop: `stop: async () => { throw new Error('The queue is stuck.') }`,
      said: /without order: Error: The queue is stuck/,
    },
    { stop: 'stop: () => new Promise(() => {}), limitMs: 10', said: /without order: it took longer than 10 ms/ },
  ])('says why there was no order: $said', async ({ stop, said }) => {
    const { code, errors } = await stopped(stop);
    expect(code).toBe(1);
    expect(errors).toMatch(said);
  });
});
