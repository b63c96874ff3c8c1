/** The world around a command, so that a spec can bring its own. */
export interface Terminal {
  environment: NodeJS.ProcessEnv;
  /** Where answers go. */
  out(text: string): void;
  /** Where everything else goes: progress, warnings, errors. */
  err(text: string): void;
  /** Whether somebody watches, and progress may redraw its line. */
  isWatched: boolean;
  /** How the process will end, once nothing is left to do. */
  exitWith(code: number): void;
}

export const PROCESS_TERMINAL: Terminal = {
  environment: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isWatched: process.stderr.isTTY === true,
  exitWith: (code) => void (process.exitCode = code),
};
