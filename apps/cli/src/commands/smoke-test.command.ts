import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { action, type Work } from '../action.js';
import { ApiClient, apiTarget } from '../api/api-client.js';
import { readAnswer } from '../api/answer-stream.js';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';

const DEFAULT_QUESTION = 'What can you do?';
const ANSWER_TIMEOUT_MS = 120_000;
const INDEXED_WITHIN_MS = 120_000;
const POLL_MS = 500;
/** Said by nobody, so that finding it means that this very document was read. */
const FACT = 'The pass phrase of the smoke test is vermilion heron.';
const FACT_QUESTION = 'What is the pass phrase of the smoke test?';

interface Step {
  name: string;
  ok: boolean;
  detail: string;
  ms: number;
}

export const smokeTestCommand = (terminal: Terminal): Command =>
  new Command('smoke-test')
    .description('ask a running installation a question through the public API, as a client would')
    .argument('[assistant]', 'id of an assistant, or name of a model', 'default')
    .argument('[question]', 'what to ask', DEFAULT_QUESTION)
    .option('--url <url>', 'of the API, instead of PARLEY_URL')
    .option('--documents', 'index a document too, ask about it, check the citation, and remove it')
    .action(
      action(
        terminal,
        async (work, assistant: string, question: string, options: { url?: string; documents?: boolean }) => {
          const api = new ApiClient(apiTarget(work.terminal.environment, options), work.signal);
          const steps = await runSteps(work, [
            ['health', () => health(api)],
            ['answer', () => answered(api, { model: assistant, question })],
            ...(options.documents
              ? ([['documents', () => withDocument(api, assistant, work.signal)]] as NamedStep[])
              : []),
          ]);
          const hasPassed = steps.every(({ ok }) => ok);
          const lines = steps.map(
            ({ name, ok, detail, ms }) =>
              `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(10)} ${Math.round(ms)} ms  ${detail}`,
          );
          return {
            text: lines.join('\n'),
            data: { passed: hasPassed, url: api.target.url, steps },
            exitCode: hasPassed ? EXIT.done : EXIT.findings,
          };
        },
      ),
    );

type NamedStep = [name: string, run: () => Promise<string>];

/** Ends at the first that fails: those behind it would only say the same. */
async function runSteps({ progress, signal }: Work, named: NamedStep[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const [name, run] of named) {
    progress.update(name, steps.length, named.length);
    const startedAt = performance.now();
    const outcome = await run().then(
      (detail) => ({ ok: true, detail }),
      (error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof CliError && error.exitCode === EXIT.unreachable && name === 'health') throw error;
        return { ok: false, detail: (error as Error).message };
      },
    );
    steps.push({ name, ...outcome, ms: performance.now() - startedAt });
    if (!outcome.ok) break;
  }
  return steps;
}

async function health(api: ApiClient): Promise<string> {
  const { status, version } = await api.json<{ status: string; version: string }>('GET', '/health');
  if (status === 'unhealthy') throw new Error(`${api.target.url} is unhealthy.`);
  return `${status}, version ${version}`;
}

async function answered(
  api: ApiClient,
  asked: { model: string; question: string; stores?: string[] },
): Promise<string> {
  const { model, question, stores } = asked;
  const tools = stores ? { tools: [{ type: 'file_search', vector_store_ids: stores }] } : {};
  const messages = [{ role: 'user', content: question }];
  const startedAt = performance.now();
  const body = { model, messages, stream: true, ...tools };
  const response = await api.send('POST', '/v1/chat/completions', body, ANSWER_TIMEOUT_MS);
  const answer = await readAnswer(response.body!, startedAt);
  if (answer.text.trim() === '') throw new Error('The answer is empty.');
  if (!answer.isComplete) throw new Error('The stream ended without saying that it is over.');
  if (stores && !answer.text.includes('vermilion heron')) throw new Error(`The document was not used: ${answer.text}`);
  const shown = answer.text.length > 60 ? `${answer.text.slice(0, 60)}…` : answer.text;
  return `first token after ${Math.round(answer.firstTokenMs)} ms: ${JSON.stringify(shown)}`;
}

async function withDocument(api: ApiClient, model: string, signal: AbortSignal): Promise<string> {
  const form = new FormData();
  form.append('purpose', 'assistants');
  form.append('file', new Blob([FACT]), 'smoke-test.txt');
  const store = await api.json<{ id: string }>('POST', '/v1/vector_stores', { name: 'smoke test' });
  try {
    const file = await api.json<{ id: string }>('POST', '/v1/files', form);
    try {
      await api.json('POST', `/v1/vector_stores/${store.id}/files`, { file_id: file.id });
      await indexed(api, `/v1/vector_stores/${store.id}/files/${file.id}`, signal);
      return await answered(api, { model, question: FACT_QUESTION, stores: [store.id] });
    } finally {
      await api.send('DELETE', `/v1/files/${file.id}`).catch(() => undefined);
    }
  } finally {
    await api.send('DELETE', `/v1/vector_stores/${store.id}`).catch(() => undefined);
  }
}

async function indexed(api: ApiClient, path: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + INDEXED_WITHIN_MS;
  while (Date.now() < deadline) {
    const { status, last_error: error } = await api.json<{ status: string; last_error: { message: string } | null }>(
      'GET',
      path,
    );
    if (status === 'completed') return;
    if (status !== 'in_progress') throw new Error(`The document ended as ${status}: ${error?.message ?? ''}`);
    await delay(POLL_MS, undefined, { signal });
  }
  throw new Error(`The document was not indexed within ${INDEXED_WITHIN_MS / 1000} s.`);
}
