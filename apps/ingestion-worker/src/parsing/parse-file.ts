import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { type Readable } from 'node:stream';
import { IngestionError } from './ingestion-error.js';
import { type ParsedDocument, type ParseLimits } from './parsed-document.js';
import { parserCommand } from './parser-command.js';
import { type ParserRequest, RESULT_FD, ResultDecoder } from './parser-protocol.js';

const MAX_DIAGNOSTICS_CHARS = 8_000;

export interface ParseFileInput {
  path: string;
  /** As the user named it; only its extension counts, and less than the content. */
  filename: string;
  contentType?: string | undefined;
  /** Kills the parser process. */
  signal?: AbortSignal | undefined;
}

/**
 * Reads a document in a process of its own: whatever the file does to its parser, this process goes on.
 * @throws IngestionError when the document cannot be indexed; anything else is worth another try.
 */
export async function parseFile(input: ParseFileInput, limits: ParseLimits): Promise<ParsedDocument> {
  input.signal?.throwIfAborted();
  const file = await open(input.path, 'r');
  try {
    const { size } = await file.stat();
    if (size > limits.maxFileBytes) {
      throw new IngestionError(
        'too_large',
        `The file is larger than ${limits.maxFileBytes.toLocaleString('en')} bytes.`,
      );
    }
    return await runParser(file, input, limits);
  } finally {
    await file.close();
  }
}

function runParser(file: FileHandle, input: ParseFileInput, limits: ParseLimits): Promise<ParsedDocument> {
  const { filename, contentType, signal } = input;
  const { maxTextChars, timeoutMs } = limits;
  const request: ParserRequest = { filename: filename.slice(-255), contentType, maxTextChars, timeoutMs };
  const { command, args } = parserCommand(limits, JSON.stringify(request));
  const child = spawn(command, args, { cwd: '/', env: {}, stdio: [file.fd, 'ignore', 'pipe', 'pipe'] });
  const result = new ResultDecoder(maxTextChars);
  const diagnostics = tailOf(child.stderr as Readable);
  return new Promise((resolve, reject) => {
    let failure: unknown;
    const stop = (reason: unknown): void => {
      failure ??= reason;
      child.kill('SIGKILL');
    };
    const abort = (): void => stop(signal?.reason);
    const timer = setTimeout(() => stop(timedOut()), timeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      if (failure === undefined && result.document) resolve(result.document);
      else reject(failure ?? deathOf(child, result.isStarted, diagnostics()));
    };
    (child.stdio[RESULT_FD] as Readable).on('data', (piece: Buffer) => {
      try {
        if (failure === undefined) result.push(piece);
      } catch (error) {
        stop(error instanceof IngestionError ? error : crashed({ cause: error }));
      }
    });
    child.on('error', (error) => {
      failure ??= error;
      settle();
    });
    child.on('close', settle);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
  });
}

/** Why the process ended without an answer. Before it started, that is not the document's fault. */
function deathOf(child: ChildProcess, isStarted: boolean, diagnostics: string): Error {
  const cause = new Error(`exit ${child.exitCode} ${child.signalCode}\n${diagnostics}`);
  if (!isStarted) return new Error('The parser process did not start.', { cause });
  if (child.signalCode === 'SIGXCPU') return timedOut();
  if (/out of memory|allocation failed/i.test(diagnostics)) {
    return new IngestionError('too_large', 'The document needs more memory than is allowed to be read.', { cause });
  }
  return crashed({ cause });
}

function crashed(options: { cause: unknown }): IngestionError {
  return new IngestionError('parser_crashed', 'The document made its reader crash.', options);
}

function timedOut(): IngestionError {
  return new IngestionError('timeout', 'The document takes too long to be read.');
}

/** Keeps the end of what is written to the stream, for the log. */
function tailOf(stream: Readable): () => string {
  let tail = '';
  stream.setEncoding('utf8').on('data', (piece: string) => {
    tail = (tail + piece).slice(-MAX_DIAGNOSTICS_CHARS);
  });
  return () => tail;
}
