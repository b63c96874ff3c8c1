import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands/index.js';
import { EXIT } from './exit-code.js';
import { type Terminal } from './terminal.js';

/** All packages carry the version of the suite. */
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const AFTER_HELP = `
Settings come from the environment (docs/configuration.md), never from the command line: arguments are seen by everybody
on the machine. Commands that ask the API take PARLEY_URL and PARLEY_API_KEY, or what npm start has written down.

Exit codes: 0 done, 1 failed, 2 the command line or the settings are at fault, 3 done with findings, 4 something does not
answer, 5 refused, 130 interrupted.`;

/** The command line, with all its commands. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('parley')
    .description('Operate Parley.')
    .version(version)
    .option('--json', 'answer in JSON, for programs')
    .addHelpText('after', AFTER_HELP);
  for (const define of COMMANDS) program.addCommand(define(terminal));
  for (const command of withSubcommands(program)) {
    command
      .exitOverride()
      .configureHelp({ showGlobalOptions: true })
      .showHelpAfterError(`(${pathOf(command)} --help tells how it is used)`)
      .configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
  }
  return program;
}

/** @returns when the command has ended; the terminal knows its exit code */
export async function runProgram(terminal: Terminal, args: readonly string[]): Promise<void> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    terminal.exitWith(error.exitCode === 0 ? EXIT.done : EXIT.usage);
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
