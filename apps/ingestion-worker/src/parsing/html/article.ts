import { isProbablyReaderable, Readability } from '@mozilla/readability';
import { parseHTML } from 'linkedom';
import { type DefaultTreeAdapterTypes, parseFragment, serialize } from 'parse5';
import { attribute, type HtmlElement, type HtmlNode, type HtmlParent, isElement, visitTree } from './html-tree.js';

export interface Article {
  title: string;
  /** Empty when the page does not say. */
  byline: string;
  /** ISO 8601, when the page says so. */
  publishedAt: string | undefined;
  content: HtmlParent;
}

/** Larger and deeper pages take the finder of articles too long, or too much of the stack. */
const MAX_ELEMENTS = 20_000;
const MAX_DEPTH = 400;
/** Less is a teaser or a notice, not the article. */
const LEAST_CHARS = 200;

/**
 * The article of a page without what surrounds it: navigation, related stories, footers. Undefined when the page is none,
 * such as a list of links or an application, or too large to tell.
 */
export function findArticle(page: HtmlParent, isHidden: (element: HtmlElement) => boolean): Article | undefined {
  if (!removeHidden(page, isHidden)) return undefined;
  const { document } = parseHTML(serialize(page as DefaultTreeAdapterTypes.Document));
  if (!isProbablyReaderable(document)) return undefined;
  const found = new Readability(document, { maxElemsToParse: MAX_ELEMENTS, keepClasses: true }).parse();
  if (!found?.content || (found.textContent ?? '').trim().length < LEAST_CHARS) return undefined;
  return {
    title: found.title ?? '',
    byline: found.byline ?? '',
    publishedAt: dateOf(found.publishedTime),
    content: parseFragment(found.content),
  };
}

/** The part of a page that it declares to be its content, if it declares one. */
export function mainContent(page: HtmlParent): HtmlParent {
  const found: HtmlElement[] = [];
  visitTree(page, {
    enter: (element) => {
      const isMain = element.tagName === 'main' || attribute(element, 'role') === 'main';
      if (isMain) found.push(element);
      return !isMain;
    },
    text: () => undefined,
    leave: () => undefined,
  });
  return found.length === 1 && found[0] ? found[0] : page;
}

/** What is hidden must not be taken for the article. Head and scripts stay: they name author and date. False for a page that is too much. */
function removeHidden(page: HtmlParent, isHidden: (element: HtmlElement) => boolean): boolean {
  const isShown = (node: HtmlNode): boolean =>
    !isElement(node) || node.tagName === 'head' || node.tagName === 'script' || !isHidden(node);
  let depth = 0;
  let elements = 0;
  let isBearable = true;
  page.childNodes = page.childNodes.filter(isShown);
  visitTree(page, {
    enter: (element) => {
      isBearable &&= ++depth <= MAX_DEPTH && ++elements <= MAX_ELEMENTS;
      if (element.tagName !== 'head') element.childNodes = element.childNodes.filter(isShown);
      return isBearable;
    },
    text: () => undefined,
    leave: () => depth--,
  });
  return isBearable;
}

function dateOf(text: string | null | undefined): string | undefined {
  const milliseconds = Date.parse(text ?? '');
  return Number.isNaN(milliseconds) ? undefined : new Date(milliseconds).toISOString();
}
