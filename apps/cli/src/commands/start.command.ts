import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Argument, Command } from 'commander';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';

const APPS_FOLDER = join(import.meta.dirname, '../../..');
const APPS = ['gateway', 'chat', 'memory', 'ingestion-worker'];

export const startCommand = (terminal: Terminal): Command =>
  new Command('start')
    .description('run the whole suite on embedded services, or one app of it')
    .addArgument(new Argument('[app]', 'one app, on the servers that the environment names').choices(APPS))
    .action(async (app = 'standalone') => {
      const main = join(APPS_FOLDER, app, 'dist/main.js');
      if (!existsSync(main)) {
        const what = app === 'standalone' ? 'The embedded suite' : app;
        terminal.err(`parley: ${what} is not built here. Name one of ${APPS.join(', ')}, or run npm run build.
`);
        return terminal.exitWith(EXIT.usage);
      }
      // It becomes this process, with its own handling of signals; what was on our command line is not for it.
      process.argv.splice(2);
      await import(pathToFileURL(main).href);
    });
