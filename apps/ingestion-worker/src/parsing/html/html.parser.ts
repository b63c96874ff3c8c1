import { parse, parseFragment } from 'parse5';
import { type BlockWriter } from '../block-writer.js';
import { type DocumentFacts, type DocumentSource } from '../document-parser.js';
import { decodeText } from '../encoding/decode-text.js';
import { hiddenElements } from './hidden-elements.js';
import { writeHtmlBlocks } from './html-blocks.js';
import { attribute, type HtmlElement, type HtmlParent, visitTree } from './html-tree.js';

const DECLARATION_BYTES = 4096;
const DECLARED_CHARSET =
  /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]+)|<\?xml[^>]{0,100}encoding\s*=\s*["']([\w-]+)/i;
const LANGUAGE = /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i;

/** The visible text of a page. Nothing the page refers to is fetched, no script runs. */
export function parseHtml({ bytes }: DocumentSource, out: BlockWriter): DocumentFacts {
  const declaration = DECLARED_CHARSET.exec(bytes.toString('latin1', 0, DECLARATION_BYTES));
  const { text } = decodeText(bytes, { declared: declaration?.[1] ?? declaration?.[2], withoutMarkup });
  const document = parse(text);
  const page = outline(document);
  if (!page.hasMainHeading) out.write({ kind: 'heading', level: 0, text: page.title });
  writeHtmlBlocks(document, hiddenElements(document), out);
  return { language: page.language };
}

/** HTML inside another format. */
export function writeHtmlFragment(html: string, out: BlockWriter): void {
  const fragment = parseFragment(html);
  writeHtmlBlocks(fragment, hiddenElements(fragment), out);
}

/** What is read of the page before its text. */
function outline(document: HtmlParent): { title: string; hasMainHeading: boolean; language: string | undefined } {
  let title = '';
  let hasMainHeading = false;
  let language: string | undefined;
  let inTitle = false;
  const enter = (element: HtmlElement): boolean => {
    if (element.tagName === 'html') language = attribute(element, 'lang') ?? attribute(element, 'xml:lang');
    if (element.tagName === 'h1') hasMainHeading = true;
    inTitle = element.tagName === 'title' && title === '';
    return element.tagName !== 'svg';
  };
  visitTree(document, { enter, text: (value) => inTitle && (title += value), leave: () => (inTitle = false) });
  return { title, hasMainHeading, language: language && LANGUAGE.test(language) ? language : undefined };
}

function withoutMarkup(sample: Buffer): Buffer {
  const text = sample
    .toString('latin1')
    .replace(/<(script|style)\b[\s\S]*?<\/\1/gi, ' ')
    .replace(/<[^>]*>/g, ' ');
  return Buffer.from(text, 'latin1');
}
