import { SaxesParser, type SaxesTagNS } from 'saxes';
import { IngestionError } from '../ingestion-error.js';

/** The namespaces that matter, in the transitional and the strict edition, by their usual prefix. */
const PREFIXES: Readonly<Record<string, string>> = {
  'http://schemas.openxmlformats.org/wordprocessingml/2006/main': 'w',
  'http://purl.oclc.org/ooxml/wordprocessingml/main': 'w',
  'http://schemas.openxmlformats.org/markup-compatibility/2006': 'mc',
  'http://schemas.openxmlformats.org/officeDocument/2006/math': 'm',
  'http://purl.oclc.org/ooxml/officeDocument/math': 'm',
  'http://schemas.openxmlformats.org/drawingml/2006/main': 'a',
  'http://purl.oclc.org/ooxml/drawingml/main': 'a',
  'http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing': 'wp',
  'http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing': 'wp',
  'http://schemas.openxmlformats.org/package/2006/relationships': 'rel',
};

/** Documents stay below a hundred; the reader's time grows with the square. */
const MAX_DEPTH = 2_000;

export interface XmlElement {
  /** With the usual prefix, whatever the file calls it: `w:p`. Elements of other namespaces have an empty name. */
  name: string;
  /** The value of an attribute by its local name. */
  attribute(name: string): string | undefined;
}

export interface XmlHandler {
  open(element: XmlElement): void;
  close(name: string): void;
  text?(value: string): void;
}

/**
 * Reads one XML part as events. Document type declarations are refused: no Office program writes them, and entities
 * are how XML reaches out or blows up.
 * @throws IngestionError `corrupt`
 */
export async function readXml(part: AsyncIterable<Buffer>, handler: XmlHandler): Promise<void> {
  const parser = new SaxesParser({ xmlns: true });
  parser.on('doctype', () => {
    throw new IngestionError('corrupt', 'The document declares XML entities, which is not allowed in docx files.');
  });
  let depth = 0;
  parser.on('opentag', (tag) => {
    if (++depth > MAX_DEPTH) throw new IngestionError('corrupt', 'The document is nested too deeply to be read.');
    handler.open(new SaxesElement(tag));
  });
  parser.on('closetag', (tag) => {
    depth--;
    handler.close(nameOf(tag));
  });
  if (handler.text) {
    const text = handler.text.bind(handler);
    parser.on('text', text);
    parser.on('cdata', text);
  }
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  try {
    for await (const piece of part) {
      decoder ??= new TextDecoder(encodingOf(piece), { fatal: true });
      parser.write(decoder.decode(piece, { stream: true }));
    }
    if (decoder) parser.write(decoder.decode()).close();
  } catch (error) {
    if (error instanceof IngestionError) throw error;
    throw new IngestionError('corrupt', 'The document is damaged: its content is not well-formed.', { cause: error });
  }
}

class SaxesElement implements XmlElement {
  readonly name: string;
  readonly #tag: SaxesTagNS;

  constructor(tag: SaxesTagNS) {
    this.name = nameOf(tag);
    this.#tag = tag;
  }

  attribute(name: string): string | undefined {
    for (const key in this.#tag.attributes) {
      const attribute = this.#tag.attributes[key];
      if (attribute?.local === name) return attribute.value;
    }
    return undefined;
  }
}

function nameOf({ uri, local }: SaxesTagNS): string {
  const prefix = PREFIXES[uri];
  return prefix ? `${prefix}:${local}` : '';
}

/** XML parts are UTF-8 unless their first character, `<`, or its byte order mark is two bytes wide. */
function encodingOf(head: Buffer): string {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be';
  return 'utf-8';
}
