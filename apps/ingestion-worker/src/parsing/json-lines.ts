import { type FileHandle, open } from 'node:fs/promises';

const PIECE_BYTES = 64 * 1024;

/** Gathers values as lines of JSON and hands them on in pieces of bounded size. */
export class JsonLines {
  readonly #write: (piece: Buffer) => void;
  #buffer = '';

  constructor(write: (piece: Buffer) => void) {
    this.#write = write;
  }

  add(value: unknown): void {
    this.#buffer += `${JSON.stringify(value)}\n`;
    if (this.#buffer.length >= PIECE_BYTES) this.flush();
  }

  flush(): void {
    if (this.#buffer !== '') this.#write(Buffer.from(this.#buffer));
    this.#buffer = '';
  }
}

/**
 * The values of a file of JSON lines in order; a piece of the file is in memory at a time.
 * @throws RangeError for a line of more bytes than `maxLineBytes`, SyntaxError for one that is no JSON
 */
export async function* readJsonLines(path: string, maxLineBytes: number): AsyncGenerator<unknown> {
  const file = await open(path, 'r');
  try {
    let incomplete: Buffer[] = [];
    let incompleteBytes = 0;
    for await (const piece of piecesOf(file)) {
      let start = 0;
      for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', start)) {
        incomplete.push(piece.subarray(start, end));
        yield JSON.parse(Buffer.concat(incomplete).toString());
        [incomplete, incompleteBytes, start] = [[], 0, end + 1];
      }
      incomplete.push(piece.subarray(start));
      incompleteBytes += piece.length - start;
      if (incompleteBytes > maxLineBytes) throw new RangeError(`A line has more than ${maxLineBytes} bytes.`);
    }
  } finally {
    await file.close();
  }
}

async function* piecesOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
