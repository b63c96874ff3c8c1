import { INGESTION_ERROR_CODES, IngestionError } from './ingestion-error.js';
import { type ParsedFile } from './parsed-document.js';

/** What the parser process is asked for, as its only argument. The file is its standard input. */
export interface ParserRequest {
  filename: string;
  contentType?: string | undefined;
  asArticle?: boolean | undefined;
  maxTextChars: number;
  maxPages: number;
  timeoutMs: number;
}

/** The file descriptor of the file that the parser process writes the blocks to. */
export const BLOCKS_FD = 3;
/** The file descriptor of the pipe on which it says how it is doing. */
export const STATUS_FD = 4;
/** How it ends when the disk fails, which is not the document's fault. */
export const MACHINE_FAULT_EXIT = 74;

/** One line of what it says. */
type ParserStatus = { started: true } | { progress: number } | { done: ParsedFile } | { error: ReportedError };

interface ReportedError {
  code: string;
  message: string;
  /** For the log. */
  cause?: string | undefined;
}

const PROGRESS_EVERY_MS = 250;
/** Far above what is ever said. */
const MAX_STATUS_CHARS = 1_000_000;
const MAX_CAUSE_CHARS = 4_000;

/** The parser process's side of the pipe. */
export class StatusWriter {
  readonly #write: (line: string) => void;
  #progressAt = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  started(): void {
    this.#say({ started: true });
  }

  /** @param share of the file that is read, 0 to 1; said as often as is of use */
  progress(share: number): void {
    const now = performance.now();
    if (now - this.#progressAt < PROGRESS_EVERY_MS) return;
    this.#progressAt = now;
    this.#say({ progress: Math.round(share * 1000) / 1000 });
  }

  done(parsed: ParsedFile): void {
    this.#say({ done: parsed });
  }

  error({ code, message, cause }: IngestionError): void {
    const text = cause instanceof Error ? (cause.stack ?? cause.message).slice(0, MAX_CAUSE_CHARS) : undefined;
    this.#say({ error: { code, message, cause: text } });
  }

  #say(status: ParserStatus): void {
    this.#write(`${JSON.stringify(status)}\n`);
  }
}

/** The worker's side. What comes from a process that handles hostile files is not trusted, nor is its amount. */
export class StatusReader {
  readonly #onProgress: (share: number) => void;
  readonly #decoder = new TextDecoder();
  #incomplete = '';
  #chars = 0;
  #parsed: ParsedFile | undefined;
  #isStarted = false;

  constructor(onProgress: (share: number) => void = () => undefined) {
    this.#onProgress = onProgress;
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Set once the process has read the whole file. */
  get parsed(): ParsedFile | undefined {
    return this.#parsed;
  }

  /** @throws IngestionError when the process reports one */
  push(piece: Buffer): void {
    this.#chars += piece.length;
    if (this.#chars > MAX_STATUS_CHARS) throw new Error('The parser process says too much.');
    const lines = (this.#incomplete + this.#decoder.decode(piece, { stream: true })).split('\n');
    this.#incomplete = lines.pop() ?? '';
    for (const line of lines) this.#take(JSON.parse(line) as ParserStatus);
  }

  #take(status: ParserStatus): void {
    if ('started' in status) this.#isStarted = true;
    else if ('progress' in status) this.#onProgress(Math.min(1, Math.max(0, status.progress)));
    else if ('done' in status) this.#parsed = status.done;
    else throw ingestionError(status.error);
  }
}

function ingestionError({ code, message, cause }: ReportedError): IngestionError {
  const known = INGESTION_ERROR_CODES.find((candidate) => candidate === code);
  return new IngestionError(known ?? 'parser_crashed', message, { cause: cause && new Error(cause) });
}
