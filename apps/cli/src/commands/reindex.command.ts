import { Command, Option } from 'commander';
import { action } from '../action.js';
import { databaseUrl, withConnection } from '../database/connection.repository.js';
import { dropLeftovers, type IndexState, listIndexes, rebuildIndex } from '../database/indexes.repository.js';
import { formatBytes } from '../progress.js';
import { type Terminal } from '../terminal.js';

const KINDS = ['vectors', 'terms', 'all'] as const;
const METHODS: Record<(typeof KINDS)[number], string | null> = { vectors: 'hnsw', terms: 'gin', all: null };

interface Options {
  only: (typeof KINDS)[number];
  invalid?: boolean;
}

const HELP = `
Each index is built beside the old one, which serves until then. Vector indexes lose recall when much has been deleted; to
move a knowledge base to another embedding model, start an embedding migration instead.`;

export const reindexCommand = (terminal: Terminal): Command =>
  new Command('reindex')
    .description('rebuild the indexes of the search while it goes on')
    .addOption(new Option('--only <kind>', 'indexes of vectors, of terms, or all').choices(KINDS).default('all'))
    .option('--invalid', 'only those whose build was cut short')
    .addHelpText('after', HELP)
    .action(
      action(terminal, ({ terminal: { environment }, progress, signal }, options: Options) =>
        withConnection(
          databaseUrl(environment),
          async (connection) => {
            const removed = await dropLeftovers(connection);
            const chosen = (await listIndexes(connection)).filter((index) => isChosen(index, options));
            const total = chosen.reduce((sum, { bytes }) => sum + bytes, 0);
            let done = 0;
            for (const { name, bytes } of chosen) {
              signal.throwIfAborted();
              progress.update(name, done, total, 'bytes');
              await rebuildIndex(connection, name);
              done += bytes;
            }
            const rebuilt = chosen.map(({ name }) => name);
            const text = `${rebuilt.length} indexes (${formatBytes(total)}) were rebuilt, ${removed.length} leftovers removed.`;
            return { text, data: { rebuilt, bytes: total, removed } };
          },
          signal,
        ),
      ),
    );

/** Parents of partitioned indexes have no data, and no bytes. */
function isChosen({ method, isValid, bytes }: IndexState, { only, invalid }: Options): boolean {
  const wanted = METHODS[only];
  return bytes > 0 && (wanted === null || method === wanted) && (!invalid || !isValid);
}
