import { type Command } from 'commander';
import { asCliError } from './cli-error.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { Progress } from './progress.js';
import { type Terminal } from './terminal.js';

/** What a command has to say: to people, and to programs with `--json`. */
export interface Answer {
  text: string;
  data: unknown;
  exitCode?: ExitCode;
}

export interface Work {
  terminal: Terminal;
  progress: Progress;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  signal: AbortSignal;
}

/** Makes a command of commander out of a function: prints its answer or its error, and sets the exit code. */
export function action<Arguments extends unknown[]>(
  terminal: Terminal,
  perform: (work: Work, ...given: Arguments) => Promise<Answer>,
): (...given: [...Arguments, Command]) => Promise<void> {
  return async (...given) => {
    const command = given.pop() as Command;
    const { json } = command.optsWithGlobals<{ json?: boolean }>();
    const stopping = new AbortController();
    const stop = () => stopping.abort();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
    const progress = new Progress(terminal);
    try {
      const work = { terminal, progress, signal: stopping.signal };
      const answer = await perform(work, ...(given as unknown as Arguments));
      progress.clear();
      terminal.out(json ? `${JSON.stringify(answer.data, null, 2)}\n` : `${answer.text}\n`);
      terminal.exitWith(answer.exitCode ?? EXIT.done);
    } catch (error) {
      progress.clear();
      fail(terminal, json === true, error);
    } finally {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    }
  };
}

function fail(terminal: Terminal, json: boolean, error: unknown): void {
  const { code, message, hint, exitCode } = asCliError(error);
  if (json) terminal.out(`${JSON.stringify({ error: { code, message, hint } }, null, 2)}\n`);
  terminal.err(`parley: ${message}\n${hint === null ? '' : `  ${hint}\n`}`);
  terminal.exitWith(exitCode);
}
