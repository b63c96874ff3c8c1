import { attribute, type HtmlElement, type HtmlNode, type HtmlParent, visitTree } from './html-tree.js';
import { StyleRules } from './style-rules.js';

/** Elements whose content no reader of the page sees as text. */
const NOT_TEXT = new Set(
  (
    'script style template noscript head iframe object embed applet audio video canvas svg map noframes select datalist ' +
    'rt rp annotation annotation-xml'
  ).split(' '),
);
/** Controls that pages themselves leave out in print. */
const NOT_PRINTED = /(?:^|\s)(?:noprint|mw-editsection)(?:\s|$)/;

/** Tells which elements are hidden: by what they are, by their attributes, and by the page's style sheets. */
export function hiddenElements(document: HtmlParent): (element: HtmlElement) => boolean {
  const rules = new StyleRules(styleSheets(document));
  return (element) => isHiddenByItself(element) || rules.isHidden(element);
}

function isHiddenByItself(element: HtmlElement): boolean {
  if (NOT_TEXT.has(element.tagName)) return true;
  if (element.tagName === 'dialog' && attribute(element, 'open') === undefined) return true;
  const hidden = attribute(element, 'hidden');
  return (
    (hidden !== undefined && hidden !== 'until-found') ||
    isDecoration(element) ||
    NOT_PRINTED.test(attribute(element, 'class') ?? '')
  );
}

/** What only screen readers pass over is shown, and so it counts, but for signs such as the `#` beside a heading. */
function isDecoration(element: HtmlElement): boolean {
  const isSign = (node: HtmlNode) => node.nodeName === '#text' && 'value' in node && !/[\p{L}\p{N}]/u.test(node.value);
  return attribute(element, 'aria-hidden') === 'true' && element.childNodes.every(isSign);
}

function styleSheets(document: HtmlParent): string {
  const sheets: string[] = [];
  let inStyle = false;
  visitTree(document, {
    enter: (element) => {
      inStyle = element.tagName === 'style' && !/^\s*print\s*$/i.test(attribute(element, 'media') ?? '');
      return inStyle || element.tagName !== 'script';
    },
    text: (value) => inStyle && sheets.push(value),
    leave: () => (inStyle = false),
  });
  return sheets.join('\n');
}
