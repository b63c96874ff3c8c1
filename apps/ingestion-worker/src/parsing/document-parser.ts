import { type BlockWriter } from './block-writer.js';
import { type ArticleFacts } from './parsed-document.js';

/** A file as its parser gets it. */
export interface DocumentSource {
  bytes: Buffer;
  /** Of the file's name: lower case, without the dot, empty when there is none. */
  extension: string;
  /** As the server said that it came from. */
  charset?: string | undefined;
  /** Of a PDF; absent: as many as there are. */
  maxPages?: number | undefined;
  /** A page: what surrounds its article is left out. */
  asArticle?: boolean | undefined;
}

/** What a parser learns besides the text. */
export interface DocumentFacts {
  /** BCP 47, as the document declares it. */
  language?: string | undefined;
  pageCount?: number | undefined;
  pageLabels?: string[] | undefined;
  article?: ArticleFacts | undefined;
}

/**
 * Writes the blocks of one format in reading order. Never fetches anything.
 * @throws IngestionError
 */
export type DocumentParser = (source: DocumentSource, out: BlockWriter) => DocumentFacts | Promise<DocumentFacts>;
