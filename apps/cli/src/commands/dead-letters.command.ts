import { Command } from 'commander';
import { action, type Answer, type Work } from '../action.js';
import { ApiClient, apiTarget } from '../api/api-client.js';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';
import { parseCount } from './numbers.js';

const BATCH = 100;

interface Selection {
  url?: string;
  code?: string;
  vectorStore?: string;
}

interface DeadLetter {
  id: string;
  filename: string;
  vector_store_id: string;
  dead_lettered_at: number;
  error: { code: string; message: string } | null;
}

export const deadLettersCommand = (terminal: Terminal): Command => {
  const command = new Command('dead-letters').description('documents that were given up: list, retry or discard them');
  command.addCommand(
    selecting(new Command('list').description('the latest first'))
      .option('--limit <number>', 'at most so many', parseCount, 20)
      .action(action(terminal, list)),
  );
  for (const [name, path, description] of [
    ['retry', 'replay', 'queue them again, as if they had never failed'],
    ['discard', 'discard', 'forget them; their documents stay failed'],
  ] as const) {
    command.addCommand(
      selecting(new Command(name).description(description))
        .argument('[ids...]', 'which; without any, --all or a selection is needed')
        .option('--all', 'every one of the selection')
        .action(
          action(terminal, (work, ids: string[], options: Selection & { all?: boolean }) =>
            settle(work, path, ids, options),
          ),
        ),
    );
  }
  return command;
};

const selecting = (command: Command): Command =>
  command
    .option('--url <url>', 'of the API, instead of PARLEY_URL')
    .option('--code <code>', 'only those that failed with this code')
    .option('--vector-store <id>', 'only documents of this vector store');

async function list({ terminal, signal }: Work, options: Selection & { limit: number }): Promise<Answer> {
  const api = new ApiClient(apiTarget(terminal.environment, options), signal);
  const found: DeadLetter[] = [];
  let hasMore = true;
  while (hasMore && found.length < options.limit) {
    const query = new URLSearchParams({
      ...fieldsOf(options),
      limit: String(Math.min(BATCH, options.limit - found.length)),
    });
    if (found.length > 0) query.set('after', found.at(-1)!.id);
    const page = await api.json<{ data: DeadLetter[]; has_more: boolean }>('GET', `/api/v1/dead-letters?${query}`);
    found.push(...page.data);
    hasMore = page.has_more && page.data.length > 0;
  }
  const lines = found.map(
    ({ id, filename, dead_lettered_at: at, error }) =>
      `${id}  ${new Date(at * 1000).toISOString()}  ${filename}\n    ${error?.code ?? 'unknown'}: ${error?.message ?? ''}`,
  );
  return {
    text:
      lines.length === 0 ? 'No dead letters.' : `${lines.join('\n')}${hasMore ? '\n(there are more: --limit)' : ''}`,
    data: { dead_letters: found, has_more: hasMore },
  };
}

async function settle(
  { terminal, signal, progress }: Work,
  path: 'replay' | 'discard',
  ids: string[],
  options: Selection & { all?: boolean },
): Promise<Answer> {
  const fields = fieldsOf(options);
  if (ids.length === 0 && !options.all)
    throw new CliError(
      EXIT.usage,
      'Which dead letters? Name their ids, or give --all.',
      'parley dead-letters list shows them.',
    );
  const api = new ApiClient(apiTarget(terminal.environment, options), signal);
  const settled: string[] = [];
  let remaining: number;
  do {
    const body = { ...fields, ...(ids.length > 0 ? { ids } : { limit: BATCH }) };
    const reply = await api.json<{ ids: string[]; remaining: number }>('POST', `/api/v1/dead-letters/${path}`, body);
    settled.push(...reply.ids);
    // What somebody else holds is passed over: a turn without any is the last.
    remaining = reply.ids.length === 0 ? 0 : reply.remaining;
    progress.update(path, settled.length, settled.length + remaining);
  } while (options.all && ids.length === 0 && remaining > 0);
  const done = path === 'replay' ? 'queued again' : 'discarded';
  const passed = ids.length - settled.length;
  return {
    text: `${settled.length} ${done}.${passed > 0 ? ` ${passed} were not dead letters any more, or never were.` : ''}`,
    data: { ids: settled },
    ...(passed > 0 ? { exitCode: EXIT.findings } : {}),
  };
}

function fieldsOf({ code, vectorStore }: Selection): Record<string, string> {
  return { ...(code ? { code } : {}), ...(vectorStore ? { vector_store_id: vectorStore } : {}) };
}
