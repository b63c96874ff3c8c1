import { INGESTION_ERROR_CODES, IngestionError } from './ingestion-error.js';
import { type Block, BLOCK_OVERHEAD_CHARS, type ParsedDocument } from './parsed-document.js';

/** What the parser process is asked for, as its only argument. The file is its standard input. */
export interface ParserRequest {
  filename: string;
  contentType?: string | undefined;
  maxTextChars: number;
  timeoutMs: number;
}

/** The file descriptor on which the parser process answers. */
export const RESULT_FD = 3;

export type ParserFacts = Omit<ParsedDocument, 'blocks'>;

/** One line of the answer. Headings are sent when they change, not with every block. */
type ParserMessage =
  { started: true } | { headings: string[] } | { block: Block } | { done: ParserFacts } | { error: ReportedError };

interface ReportedError {
  code: string;
  message: string;
  /** For the log. */
  cause?: string | undefined;
}

const PIECE_CHARS = 64 * 1024;

/** The answer of the parser process as lines of JSON, handed on in bounded pieces. */
export class ResultEncoder {
  readonly #write: (piece: string) => void;
  #buffer = '';
  #headings: readonly string[] | undefined;

  constructor(write: (piece: string) => void) {
    this.#write = write;
  }

  started(): void {
    this.#add({ started: true });
    this.#flush();
  }

  block(block: Block): void {
    const { headings, ...locator } = block.locator;
    if (headings && headings !== this.#headings) this.#add({ headings });
    this.#headings = headings;
    this.#add({ block: { ...block, locator } });
  }

  done(facts: ParserFacts): void {
    this.#add({ done: facts });
    this.#flush();
  }

  error({ code, message, cause }: IngestionError): void {
    this.#add({ error: { code, message, cause: cause instanceof Error ? (cause.stack ?? cause.message) : undefined } });
    this.#flush();
  }

  #add(message: ParserMessage): void {
    this.#buffer += `${JSON.stringify(message)}\n`;
    if (this.#buffer.length >= PIECE_CHARS) this.#flush();
  }

  #flush(): void {
    this.#write(this.#buffer);
    this.#buffer = '';
  }
}

/** Reads the answer as it arrives. It comes from a process that handles hostile files: its size is not trusted. */
export class ResultDecoder {
  readonly #maxTextChars: number;
  readonly #blocks: Block[] = [];
  readonly #decoder = new TextDecoder();
  #incomplete: string[] = [];
  #incompleteChars = 0;
  #chars = 0;
  #headings: string[] | undefined;
  #header: string | undefined;
  #facts: ParserFacts | undefined;
  #isStarted = false;

  constructor(maxTextChars: number) {
    this.#maxTextChars = maxTextChars;
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** The document, once the answer is complete. */
  get document(): ParsedDocument | undefined {
    return this.#facts && { blocks: this.#blocks, ...this.#facts };
  }

  /** @throws IngestionError when the process reports one, or answers more than it may. */
  push(piece: Buffer): void {
    const lines = this.#decoder.decode(piece, { stream: true }).split('\n');
    for (const [index, line] of lines.entries()) {
      this.#incomplete.push(line);
      this.#incompleteChars += line.length;
      if (this.#incompleteChars > this.#maxTextChars * 2 + PIECE_CHARS) throw tooMuch();
      if (index === lines.length - 1) break;
      const complete = this.#incomplete.join('');
      this.#incomplete = [];
      this.#incompleteChars = 0;
      this.#take(JSON.parse(complete) as ParserMessage);
    }
  }

  #take(message: ParserMessage): void {
    if ('started' in message) this.#isStarted = true;
    else if ('headings' in message) this.#headings = message.headings;
    else if ('done' in message) this.#facts = message.done;
    else if ('block' in message) this.#addBlock(message.block);
    else throw ingestionError(message.error);
  }

  #addBlock(block: Block): void {
    this.#chars += block.text.length + BLOCK_OVERHEAD_CHARS;
    if (this.#chars > this.#maxTextChars) throw tooMuch();
    if (this.#headings) block.locator.headings = this.#headings;
    if (block.header !== undefined) block.header = this.#sharedHeader(block.header);
    this.#blocks.push(block);
  }

  /** All rows of a table hold the same string, not a copy each. */
  #sharedHeader(header: string): string {
    if (header !== this.#header) this.#header = header;
    return this.#header;
  }
}

function tooMuch(): IngestionError {
  return new IngestionError('too_large', 'The document holds too much text.');
}

function ingestionError({ code, message, cause }: ReportedError): IngestionError {
  const known = INGESTION_ERROR_CODES.find((candidate) => candidate === code);
  return new IngestionError(known ?? 'parser_crashed', message, { cause: cause && new Error(cause) });
}
