import { type BlockWriter } from './block-writer.js';

/** A file as its parser gets it. */
export interface DocumentSource {
  bytes: Buffer;
  /** Of the file's name: lower case, without the dot, empty when there is none. */
  extension: string;
}

/** What a parser learns besides the text. */
export interface DocumentFacts {
  /** BCP 47, as the document declares it. */
  language?: string | undefined;
  pageCount?: number | undefined;
}

/**
 * Writes the blocks of one format in reading order. Never fetches anything.
 * @throws IngestionError
 */
export type DocumentParser = (source: DocumentSource, out: BlockWriter) => DocumentFacts | Promise<DocumentFacts>;
