import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';

const ROOT = join(import.meta.dirname, '../../../..');

/** The evaluation is a tool of the repository, with a command line of its own: everything is passed on to it. */
export const evalCommand = (terminal: Terminal): Command =>
  new Command('eval')
    .description('measure how well judged questions are answered (parley eval -- --help)')
    .argument('[options...]', 'those of npm run eval')
    .allowUnknownOption()
    .action(async (options: string[]) => {
      const tool = join(ROOT, 'tools/eval.mjs');
      if (!existsSync(tool)) {
        terminal.err(
          'parley: the evaluation is part of the repository and not of the images. Run it there with --url.\n',
        );
        return terminal.exitWith(EXIT.usage);
      }
      const child = spawn(process.execPath, [tool, ...options], { cwd: ROOT, stdio: 'inherit' });
      // A Ctrl-C reaches it by itself; a SIGTERM does not.
      const forward = () => void child.kill('SIGTERM');
      process.on('SIGTERM', forward).on('SIGINT', () => undefined);
      const [code] = (await once(child, 'exit')) as [number | null];
      terminal.exitWith(code ?? EXIT.interrupted);
    });
