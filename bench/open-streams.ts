import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, startProviderStub } from '@parley/testing';
import { type AppProcess } from '../e2e/support/app-process.js';
import { Listening } from '../e2e/support/listening.js';
import { startRealSuite } from '../e2e/support/suite.js';
import { integerOption, readOptions } from './options.js';

export const HELP = `npm run bench -- open-streams [options]

Memory that one open stream takes in the gateway and in the chat service: resident memory with that many streams open and
tokens flowing, less that with a tenth of them, by the difference of their number.

  --streams <n>  (default 500)`;

const INTERVAL_MS = 500;
const SETTLE_MS = 5_000;

export async function run(args: string[]): Promise<void> {
  const streams = integerOption(readOptions(args, ['streams']), 'streams', 500);
  const tokens = Array.from({ length: 400 }, (_, index) => ` word${index}`);
  const stub = await startProviderStub({ answer: { tokens, intervalMs: INTERVAL_MS } });
  const suite = await startRealSuite({
    ...{ OPENAI_BASE_URL: stub.baseUrl, OPENAI_API_KEY: stub.apiKey, OPENAI_MODEL: 'stub-chat' },
    CONVERSATION_TITLES: 'false',
    CHAT_MAX_CONCURRENT_RUNS: String(streams + 10),
    LLM_MAX_CONCURRENCY: String(streams + 10),
  });
  const open: Listening[] = [];
  const headers = { authorization: `Bearer ${suite.apiKey}`, 'content-type': 'application/json' };
  const body = JSON.stringify({
    model: 'stub-chat',
    stream: true,
    messages: [{ role: 'user', content: 'Tell me slowly.' }],
  });
  const listen = (signal: AbortSignal) =>
    fetch(`${suite.baseUrl}/v1/chat/completions`, { method: 'POST', headers, body, signal });
  const reach = async (count: number) => {
    while (open.length < count) {
      open.push(new Listening(listen));
      await delay(5);
    }
    await eventually(() => {
      const waiting = open.filter(({ heard }) => heard.text.length < 20).length;
      if (waiting > 0) throw new Error(`${waiting} of ${count} streams have not begun: ${open.at(-1)!.heard.error}`);
    });
    await delay(SETTLE_MS);
    return Promise.all(suite.processes.slice(0, 2).map(residentKb));
  };
  try {
    const few = Math.ceil(streams / 10);
    const before = await reach(few);
    const after = await reach(streams);
    console.log(`streams  gateway MB  chat MB`);
    for (const [count, values] of [
      [few, before],
      [streams, after],
    ] as const) {
      console.log(`${String(count).padStart(7)} ${values.map((kb) => (kb / 1024).toFixed(1).padStart(11)).join('')}`);
    }
    const each = after.map((kb, index) => ((kb - before[index]!) / (streams - few)).toFixed(1));
    console.log(`per open stream: gateway ${each[0]} KB, chat ${each[1]} KB`);
  } finally {
    for (const listening of open) void listening.leave();
    await suite.stop();
    await stub.close();
  }
}

async function residentKb({ pid }: AppProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]);
}
