import { type ChildProcess, spawn } from 'node:child_process';
import { type Readable } from 'node:stream';
import { DomainError } from '@parley/contracts';
import { IngestionError } from './ingestion-error.js';
import { watchMemory } from './memory-watch.js';
import { type ParsedFile, type ParseLimits } from './parsed-document.js';
import { parserCommand } from './parser-command.js';
import { processorTimeMs } from './processor-time.js';
import { MACHINE_FAULT_EXIT, type ParserRequest, STATUS_FD, StatusReader } from './parser-status.js';

const MAX_DIAGNOSTICS_CHARS = 8_000;
/** Of the time that was waited: a process that got less of a processor was not given the chance to finish. */
const FAIR_PROCESSOR_SHARE = 0.25;
/** What Node itself holds before it reads anything, and between two looks at it. */
const OWN_MEMORY_MB = 128;

export interface ParserChildOptions {
  /** The file descriptor of the document. */
  input: number;
  /** That of the file for its blocks. */
  output: number;
  limits: ParseLimits;
  onProgress?: ((share: number) => void) | undefined;
}

/** A parser process under all its limits. */
export class ParserChild {
  /**
   * Settles once the process is gone. Rejects with IngestionError, with the reason it was killed for, with DomainError
   * `timeout` when the machine was too busy, or with another failure of the machine.
   */
  readonly result: Promise<ParsedFile>;
  readonly #child: ChildProcess;
  readonly #status: StatusReader;
  #failure: unknown;

  constructor(request: ParserRequest, { input, output, limits, onProgress }: ParserChildOptions) {
    const { command, args } = parserCommand(limits, JSON.stringify(request));
    // In a process group of its own, which is killed as one.
    this.#child = spawn(command, args, {
      cwd: '/',
      env: {},
      detached: true,
      stdio: [input, 'ignore', 'pipe', output, 'pipe'],
    });
    this.#status = new StatusReader(onProgress);
    this.result = this.#watched(limits);
  }

  kill(reason: unknown): void {
    this.#failure ??= reason ?? new Error('The parser process was killed.');
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      this.#child.kill('SIGKILL');
    }
  }

  #watched({ timeoutMs, maxMemoryMb }: ParseLimits): Promise<ParsedFile> {
    const child = this.#child;
    const timer = setTimeout(() => this.kill(this.#isStarved(timeoutMs) ? starved() : timedOut()), timeoutMs);
    const maxBytes = (maxMemoryMb + OWN_MEMORY_MB) * 1024 * 1024;
    const endWatch =
      child.pid === undefined ? undefined : watchMemory(child.pid, maxBytes, () => this.kill(tooLarge()));
    const diagnostics = tailOf(child.stderr as Readable);
    (child.stdio[STATUS_FD] as Readable).on('data', (piece: Buffer) => this.#hear(piece));
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        endWatch?.();
        const { parsed, isStarted } = this.#status;
        if (this.#failure === undefined && parsed) resolve(parsed);
        else reject(this.#failure ?? deathOf(child, isStarted, diagnostics()));
      };
      child.on('error', (error) => {
        this.#failure ??= error;
        settle();
      });
      child.on('close', settle);
    });
  }

  #isStarved(waitedMs: number): boolean {
    const busyMs = this.#child.pid === undefined ? undefined : processorTimeMs(this.#child.pid);
    return busyMs !== undefined && busyMs < waitedMs * FAIR_PROCESSOR_SHARE;
  }

  #hear(piece: Buffer): void {
    if (this.#failure !== undefined) return;
    try {
      this.#status.push(piece);
    } catch (error) {
      this.kill(error instanceof IngestionError ? error : crashed({ cause: error }));
    }
  }
}

/** Why the process ended without an answer. Before it started, that is not the document's fault. */
function deathOf({ exitCode, signalCode }: ChildProcess, isStarted: boolean, diagnostics: string): Error {
  const cause = new Error(`exit ${exitCode} ${signalCode}\n${diagnostics}`);
  if (!isStarted) return new Error('The parser process did not start.', { cause });
  if (exitCode === MACHINE_FAULT_EXIT) return new Error('The parser process could not write.', { cause });
  if (signalCode === 'SIGXCPU') return timedOut();
  return /out of memory|allocation failed/i.test(diagnostics) ? tooLarge({ cause }) : crashed({ cause });
}

function tooLarge(options?: { cause: unknown }): IngestionError {
  return new IngestionError('too_large', 'The document needs more memory than is allowed to be read.', options);
}

function crashed(options: { cause: unknown }): IngestionError {
  return new IngestionError('parser_crashed', 'The document made its reader crash.', options);
}

function timedOut(): IngestionError {
  return new IngestionError('timeout', 'The document takes too long to be read.');
}

/** Not the document's fault, so worth another try. */
function starved(): DomainError {
  return new DomainError('timeout', 'This machine was too busy to read the document in time.');
}

/** Keeps the end of what is written to the stream, for the log. */
function tailOf(stream: Readable): () => string {
  let tail = '';
  stream.setEncoding('utf8').on('data', (piece: string) => {
    tail = (tail + piece).slice(-MAX_DIAGNOSTICS_CHARS);
  });
  return () => tail;
}
