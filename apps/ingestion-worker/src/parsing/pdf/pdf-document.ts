import { getResolvedPDFJS } from 'unpdf';
import { IngestionError } from '../ingestion-error.js';
import { cleanText } from '../clean-text.js';
import { characterMap } from './character-maps.js';
import { formEntries } from './form-entries.js';
import { type TextRun } from './text-line.js';

const MAX_LABEL_CHARS = 32;
const MAX_LABELS_CHARS = 500_000;

export interface PdfPage {
  number: number;
  runs: TextRun[];
  /** Filled-in form fields and notes typed onto the page. */
  entries: string[];
}

export interface PdfDocument {
  pageCount: number;
  language: string | undefined;
  /** What is printed on each page as its number, such as `iv`; undefined when that is its position. */
  pageLabels(): Promise<string[] | undefined>;
  /** @throws IngestionError `corrupt`, or `unsupported` when a font of the page needs data that is not there. */
  page(number: number): Promise<PdfPage>;
  close(): Promise<void>;
}

/**
 * Opens a PDF with everything switched off that text does not need: scripts, fonts of the system, drawing, fetching.
 * A password that only restricts printing or copying is no obstacle.
 * @throws IngestionError `encrypted`, `corrupt`
 */
export async function openPdf(bytes: Buffer): Promise<PdfDocument> {
  const { getDocument, VerbosityLevel } = await getResolvedPDFJS();
  const missing = new Set<string>();
  const task = getDocument({
    data: new Uint8Array(bytes),
    verbosity: VerbosityLevel.ERRORS,
    enableXfa: true,
    useSystemFonts: true,
    disableFontFace: true,
    useWorkerFetch: false,
    useWasm: false,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    cMapUrl: 'character-maps/',
    BinaryDataFactory: class {
      /** The only door to files: nothing but the named character maps goes through it. */
      async fetch({ filename }: { filename: string }): Promise<Uint8Array> {
        const data = await characterMap(filename);
        if (data) return data;
        missing.add(filename.replace(/\.bcmap$/, ''));
        throw new Error(`No such data: ${filename}`);
      }
    },
  });
  const document = await task.promise.catch((error: unknown) => {
    throw openingFailure(error);
  });
  const { info } = await document.getMetadata().catch(() => ({ info: {} }));
  return {
    pageCount: document.numPages,
    language: languageOf(info),
    pageLabels: async () => tellingLabels(await document.getPageLabels().catch(() => null)),
    async page(number) {
      try {
        const page = await document.getPage(number);
        const content = await page.getTextContent();
        const entries = formEntries(await page.getAnnotations());
        page.cleanup();
        if (missing.size > 0) throw missingCharacterMaps(missing);
        return { number, runs: content.items.filter((item) => 'str' in item), entries };
      } catch (error) {
        if (error instanceof IngestionError) throw error;
        throw new IngestionError('corrupt', `The PDF is damaged: page ${number} cannot be read.`, { cause: error });
      }
    },
    close: () => task.destroy(),
  };
}

function openingFailure(error: unknown): IngestionError {
  if (error instanceof Error && error.name === 'PasswordException') {
    return new IngestionError(
      'encrypted',
      'The PDF is protected with a password. Save it without one and upload it again.',
    );
  }
  return new IngestionError('corrupt', 'The PDF is damaged and cannot be opened.', { cause: error });
}

function missingCharacterMaps(names: ReadonlySet<string>): IngestionError {
  return new IngestionError(
    'unsupported',
    `The PDF uses fonts that are not embedded and need the character maps ${[...names].join(', ')}, which this server does not have. Embed the fonts and upload it again.`,
  );
}

function tellingLabels(labels: readonly string[] | null): string[] | undefined {
  const cleaned = labels?.map((label, index) => cleanText(label).slice(0, MAX_LABEL_CHARS) || String(index + 1));
  if (!cleaned?.some((label, index) => label !== String(index + 1))) return undefined;
  return cleaned.join('').length > MAX_LABELS_CHARS ? undefined : cleaned;
}

function languageOf(info: object): string | undefined {
  const language: unknown = 'Language' in info ? info.Language : undefined;
  return typeof language === 'string' && /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i.test(language) ? language : undefined;
}
