import { parse, parseFragment } from 'parse5';
import { type BlockWriter } from '../block-writer.js';
import { type DocumentFacts, type DocumentSource } from '../document-parser.js';
import { cleanText } from '../clean-text.js';
import { decodeText } from '../encoding/decode-text.js';
import { type ArticleFacts } from '../parsed-document.js';
import { hiddenElements } from './hidden-elements.js';
import { type Article, findArticle, mainContent } from './article.js';
import { writeHtmlBlocks } from './html-blocks.js';
import { attribute, type HtmlElement, type HtmlParent, visitTree } from './html-tree.js';

const MAX_FACT_CHARS = 300;
const DECLARATION_BYTES = 4096;
const DECLARED_CHARSET =
  /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]+)|<\?xml[^>]{0,100}encoding\s*=\s*["']([\w-]+)/i;
const LANGUAGE = /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i;

/** The visible text of a page. Nothing the page refers to is fetched, no script runs. */
export function parseHtml({ bytes, charset, asArticle }: DocumentSource, out: BlockWriter): DocumentFacts {
  const declaration = DECLARED_CHARSET.exec(bytes.toString('latin1', 0, DECLARATION_BYTES));
  const { text } = decodeText(bytes, { declared: charset ?? declaration?.[1] ?? declaration?.[2], withoutMarkup });
  const document = parse(text);
  const page = outline(document);
  if (asArticle) return { language: page.language, article: writeArticle(document, page, out) };
  if (!page.hasMainHeading) out.write({ kind: 'heading', level: 0, text: page.title });
  writeHtmlBlocks(document, hiddenElements(document), out);
  return { language: page.language };
}

/** What the page is about, under its title and with who wrote it; the whole of its content when it is no article. */
function writeArticle(document: HtmlParent, page: Outline, out: BlockWriter): ArticleFacts {
  const isHidden = hiddenElements(document);
  const article = findArticle(document, isHidden);
  const title = cleanFact(article?.title || page.title);
  if (article || !page.hasMainHeading) out.write({ kind: 'heading', level: 0, text: title });
  if (article) out.write({ kind: 'paragraph', text: signature(article) });
  writeHtmlBlocks(article?.content ?? mainContent(document), isHidden, out);
  const byline = cleanFact(article?.byline ?? '');
  const publishedAt = article?.publishedAt;
  return { ...(title ? { title } : {}), ...(byline ? { byline } : {}), ...(publishedAt ? { publishedAt } : {}) };
}

function signature({ byline, publishedAt }: Article): string {
  return [cleanFact(byline), publishedAt?.slice(0, 10)].filter(Boolean).join(' · ');
}

function cleanFact(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ').slice(0, MAX_FACT_CHARS);
}

/** HTML inside another format. */
export function writeHtmlFragment(html: string, out: BlockWriter): void {
  const fragment = parseFragment(html);
  writeHtmlBlocks(fragment, hiddenElements(fragment), out);
}

/** What is read of the page before its text. */
interface Outline {
  title: string;
  hasMainHeading: boolean;
  language: string | undefined;
}

function outline(document: HtmlParent): Outline {
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
