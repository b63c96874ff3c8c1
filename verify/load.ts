import { setTimeout as delay } from 'node:timers/promises';
import { type ProviderStub } from '@parley/testing';
import { type Suite } from '../e2e/support/suite.js';

const PAUSE_MS = 250;
const DEADLINE_MS = 30_000;
const WORDS = Array.from({ length: 30 }, (_, index) => `word${index} `);

/**
 * A little of everything, again and again: documents good and bad, questions with and without documents, streamed and
 * not, faults of the provider, unknown routes. Ends when the signal is aborted; rejects when something does not answer.
 */
export async function useEverything(suite: Suite, provider: ProviderStub, signal: AbortSignal): Promise<void> {
  provider.answer = { tokens: WORDS, intervalMs: 5 };
  const store = await create(suite, '/v1/vector_stores', { name: 'everything' });
  for (let round = 0; !signal.aborted; round++) {
    await addDocument(suite, store, `The warranty of product ${round} lasts ${round} years.`, 'warranty.txt');
    if (round % 10 === 0) await addDocument(suite, store, `%PDF-1.4 broken ${round}`, 'broken.pdf');
    if (round % 5 === 0) provider.failNext({ kind: 'status', status: 400 });
    await Promise.all([ask(suite, [], true), ask(suite, [store], true), ask(suite, [store], false)]);
    await post(suite, `/v1/nothing-${round}`, {});
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function addDocument(suite: Suite, store: string, text: string, name: string): Promise<void> {
  const form = new FormData();
  form.append('purpose', 'assistants');
  form.append('file', new Blob([text]), name);
  const file = await create(suite, '/v1/files', form);
  await create(suite, `/v1/vector_stores/${store}/files`, { file_id: file });
}

async function ask(suite: Suite, stores: string[], stream: boolean): Promise<void> {
  const tools = stores.length > 0 ? { tools: [{ type: 'file_search', vector_store_ids: stores }] } : {};
  const messages = [{ role: 'user', content: 'How long does the warranty last?' }];
  await post(suite, '/v1/chat/completions', { model: 'stub-chat', messages, stream, ...tools });
}

async function create(suite: Suite, path: string, body: object): Promise<string> {
  const { status, text } = await post(suite, path, body);
  if (status >= 300) throw new Error(`POST ${path} answered ${status}: ${text}`);
  return (JSON.parse(text) as { id: string }).id;
}

async function post({ baseUrl, apiKey }: Suite, path: string, body: object): Promise<{ status: number; text: string }> {
  const isForm = body instanceof FormData;
  const response = await fetch(baseUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, ...(isForm ? {} : { 'content-type': 'application/json' }) },
    body: isForm ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  return { status: response.status, text: await response.text() };
}
