import { spawn } from 'node:child_process';

export interface CommandOptions {
  timeoutMs?: number;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
}

/** A command ended with another code than 0, could not be started or took too long; the message carries the end of its output. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

const OUTPUT_LIMIT = 1_000_000;

/** Runs a command to its end and returns what it printed to stdout. Throws {@link CommandError}. */
export function runCommand(file: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const { timeoutMs = 60_000, ...spawnOptions } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      ...spawnOptions,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let output = '';
    const collect = (chunk: Buffer, isStdout: boolean) => {
      if (isStdout && stdout.length < OUTPUT_LIMIT) stdout += chunk.toString();
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', (chunk: Buffer) => collect(chunk, true));
    child.stderr.on('data', (chunk: Buffer) => collect(chunk, false));
    child.once('error', (error) => reject(new CommandError(`${file}: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      const how = signal ? `was ended by ${signal} (limit ${timeoutMs} ms)` : `ended with code ${code}`;
      reject(new CommandError(`${file} ${args.join(' ')} ${how}\n${output.trim()}`));
    });
  });
}

export async function commandSucceeds(file: string, args: string[], options: CommandOptions = {}): Promise<boolean> {
  return runCommand(file, args, options).then(
    () => true,
    () => false,
  );
}
