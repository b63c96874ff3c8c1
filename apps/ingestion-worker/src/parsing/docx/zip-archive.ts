import { type Readable } from 'node:stream';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import { IngestionError } from '../ingestion-error.js';

const MAX_ENTRIES = 10_000;
const MAX_PART_BYTES = 96 * 1024 * 1024;
const MAX_TOTAL_BYTES = 160 * 1024 * 1024;
/** Real documents stay below 1:50; only repetition compresses better. */
const MAX_RATIO = 250;
const RATIO_FREE_BYTES = 4 * 1024 * 1024;

/** The parts of a zip file by name. Sizes are counted while inflating: the declared ones may lie. */
export class ZipArchive {
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  #inflatedBytes = 0;

  private constructor(zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#zip = zip;
    this.#entries = entries;
  }

  /** @throws IngestionError `corrupt` when the bytes are no zip file, or only half of one. */
  static async open(bytes: Buffer): Promise<ZipArchive> {
    try {
      const zip = await openZip(bytes);
      return new ZipArchive(zip, await listEntries(zip));
    } catch (error) {
      throw asIngestionError(error);
    }
  }

  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * The inflated bytes of a part, piece by piece; nothing when there is no such part.
   * @throws IngestionError `too_large` for a bomb, `encrypted`, `corrupt`
   */
  async *read(name: string): AsyncGenerator<Buffer> {
    const entry = this.#entries.get(name);
    if (!entry) return;
    if (entry.isEncrypted()) throw new IngestionError('encrypted', 'The document is protected with a password.');
    try {
      const stream = await openEntry(this.#zip, entry);
      let bytes = 0;
      for await (const piece of stream) {
        bytes += (piece as Buffer).length;
        this.#inflatedBytes += (piece as Buffer).length;
        this.#refuseBomb(bytes, entry.compressedSize);
        yield piece as Buffer;
      }
    } catch (error) {
      throw asIngestionError(error);
    }
  }

  #refuseBomb(bytes: number, compressedBytes: number): void {
    const swollen = bytes > RATIO_FREE_BYTES && bytes > compressedBytes * MAX_RATIO;
    if (!swollen && bytes <= MAX_PART_BYTES && this.#inflatedBytes <= MAX_TOTAL_BYTES) return;
    throw new IngestionError('too_large', 'The document grows beyond all measure when it is unpacked.');
  }
}

function openZip(bytes: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true, validateEntrySizes: true }, (error, zip) =>
      error ? reject(error) : resolve(zip),
    );
  });
}

function listEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > MAX_ENTRIES) throw new IngestionError('too_large', 'The document consists of too many parts.');
  const entries = new Map<string, Entry>();
  return new Promise((resolve, reject) => {
    zip.on('entry', (entry: Entry) => {
      if (!entries.has(entry.fileName)) entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.on('end', () => resolve(entries));
    zip.on('error', reject);
    zip.readEntry();
  });
}

function openEntry(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
  });
}

function asIngestionError(error: unknown): IngestionError {
  if (error instanceof IngestionError) return error;
  return new IngestionError('corrupt', 'The document is damaged: it is not a complete docx file.', { cause: error });
}
