import { type BlockDraft, type BlockWriter } from '../block-writer.js';
import { SUPPORTED } from '../document-kind.js';
import { type DocumentFacts, type DocumentSource } from '../document-parser.js';
import { IngestionError } from '../ingestion-error.js';
import { insertedDocuments } from './inserted-documents.js';
import { type Relationships, relationshipsOf } from './relationships.js';
import { WordNumbering } from './word-numbering.js';
import { WordStyles } from './word-styles.js';
import { WordText } from './word-text.js';
import { readXml } from './word-xml.js';
import { ZipArchive } from './zip-archive.js';

/** Other formats that are zip files, by a part that only they have. */
const OTHER_PACKAGES: readonly [part: RegExp, name: string][] = [
  [/^xl\//, 'an Excel workbook'],
  [/^ppt\//, 'a PowerPoint presentation'],
  [/^visio\//, 'a Visio drawing'],
  [/^mimetype$/, 'an OpenDocument file or e-book'],
];

/** Of documents that are inserted in one another. */
const MAX_DEPTH = 2;

/** Headers, body with its notes and text boxes in place, footers. */
export async function parseDocx({ bytes }: DocumentSource, out: BlockWriter): Promise<DocumentFacts> {
  await writeDocx(bytes, out);
  return {};
}

/** @param depth of documents inserted in documents */
async function writeDocx(bytes: Buffer, out: BlockWriter, depth = 0): Promise<void> {
  const zip = await ZipArchive.open(bytes);
  const main = (await relationshipsOf(zip, '')).get('officeDocument')?.[0]?.path ?? 'word/document.xml';
  if (!zip.names.includes(main) || !zip.names.includes('[Content_Types].xml')) throw notWord(zip.names);
  if (OTHER_PACKAGES.some(([part]) => part.test(main))) throw notWord(zip.names);
  const parts = await relationshipsOf(zip, main);
  const readInserted =
    depth < MAX_DEPTH ? (inner: Buffer, to: BlockWriter) => writeDocx(inner, to, depth + 1) : undefined;
  const inserted = await insertedDocuments(zip, parts.get('aFChunk') ?? [], out, readInserted);
  await new WordDocument(zip, main, parts, out).write(inserted);
}

class WordDocument {
  readonly #zip: ZipArchive;
  readonly #main: string;
  readonly #parts: Relationships;
  readonly #out: BlockWriter;

  constructor(zip: ZipArchive, main: string, parts: Relationships, out: BlockWriter) {
    this.#zip = zip;
    this.#main = main;
    this.#parts = parts;
    this.#out = out;
  }

  async write(inserted: ReadonlyMap<string, readonly BlockDraft[]>): Promise<void> {
    const styles = await WordStyles.read(this.#zip.read(this.#part('styles')));
    const numbering = await WordNumbering.read(this.#zip.read(this.#part('numbering')));
    const shared = { styles, numbering };
    const notes = {
      footnote: await this.#readNotes(this.#part('footnotes'), shared),
      endnote: await this.#readNotes(this.#part('endnotes'), shared),
    };
    await this.#writeMargins('header', shared);
    const body = new WordText({
      ...shared,
      emit: (draft) => this.#out.write(draft),
      chunkReferenced: (id) => {
        for (const draft of inserted.get(id) ?? []) this.#out.write(draft);
      },
      noteReferenced: (kind, id) => {
        for (const draft of notes[kind === 'endnote' ? 'endnote' : 'footnote'].get(id) ?? []) this.#out.write(draft);
      },
    });
    await readXml(this.#zip.read(this.#main), body);
    await this.#writeMargins('footer', shared);
  }

  /** The same header is often stored for first, odd and even pages: it is written once, and pure page numbers never. */
  async #writeMargins(kind: 'header' | 'footer', shared: SharedParts): Promise<void> {
    const written = new Set<string>();
    for (const { path } of this.#parts.get(kind) ?? []) {
      const emit = (draft: BlockDraft): void => {
        if (written.has(draft.text) || !/\p{L}/u.test(draft.text)) return;
        written.add(draft.text);
        this.#out.write(asideFrom(draft));
      };
      await readXml(this.#zip.read(path), new WordText({ ...shared, emit }));
    }
  }

  async #readNotes(part: string, shared: SharedParts): Promise<Map<string, BlockDraft[]>> {
    const notes = new Map<string, BlockDraft[]>();
    let note: BlockDraft[] = [];
    const reader = new WordText({
      ...shared,
      emit: (draft) => note.push(asideFrom(draft)),
      noteStarted: (id, type) => {
        note = [];
        notes.set(id, note);
        return type === undefined || type === 'normal';
      },
    });
    await readXml(this.#zip.read(part), reader);
    return notes;
  }

  #part(type: string): string {
    return this.#parts.get(type)?.[0]?.path ?? '';
  }
}

interface SharedParts {
  styles: WordStyles;
  numbering: WordNumbering;
}

/** Text beside the body has no part in its headings. */
function asideFrom(draft: BlockDraft): BlockDraft {
  return draft.kind === 'heading' ? { kind: 'paragraph', text: draft.text } : draft;
}

function notWord(names: readonly string[]): IngestionError {
  const other = OTHER_PACKAGES.find(([part]) => names.some((name) => part.test(name)))?.[1];
  if (other) return new IngestionError('unsupported', `The file is ${other}. ${SUPPORTED}`);
  if (names.includes('[Content_Types].xml'))
    return new IngestionError('corrupt', 'The document is damaged: its text is missing.');
  return new IngestionError('unsupported', `The file is a zip archive, not a Word document. ${SUPPORTED}`);
}
