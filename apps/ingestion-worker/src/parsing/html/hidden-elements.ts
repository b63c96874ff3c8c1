import { attribute, type HtmlElement, type HtmlParent, visitTree } from './html-tree.js';

/** Elements whose content no reader of the page sees as text. */
const NOT_TEXT = new Set(
  (
    'script style template noscript head iframe object embed applet audio video canvas svg map noframes select datalist ' +
    'rt rp annotation annotation-xml'
  ).split(' '),
);
const HIDING =
  /(?:^|[;{\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d])|font-size\s*:\s*0(?![.\d]))/i;
/** Controls that pages themselves leave out in print. */
const NOT_PRINTED = /(?:^|\s)(?:noprint|mw-editsection)(?:\s|$)/;
const SIMPLE_SELECTOR = /^([a-z][\w-]*)?((?:[.#][\w-]+)*)$/i;
const MAX_RULES = 10_000;

interface HidingRule {
  tag: string | undefined;
  id: string | undefined;
  classes: readonly string[];
}

/** Tells which elements are hidden: by what they are, by their attributes, and by plain rules of the page's style sheets. */
export function hiddenElements(document: HtmlParent): (element: HtmlElement) => boolean {
  const rules = hidingRules(styleSheets(document));
  return (element) => isHiddenByItself(element) || isHiddenByRule(element, rules);
}

function isHiddenByItself(element: HtmlElement): boolean {
  if (NOT_TEXT.has(element.tagName)) return true;
  if (element.tagName === 'dialog' && attribute(element, 'open') === undefined) return true;
  const hidden = attribute(element, 'hidden');
  return (
    (hidden !== undefined && hidden !== 'until-found') ||
    attribute(element, 'aria-hidden') === 'true' ||
    HIDING.test(attribute(element, 'style') ?? '') ||
    NOT_PRINTED.test(attribute(element, 'class') ?? '')
  );
}

function isHiddenByRule(element: HtmlElement, rules: ReadonlyMap<string, readonly HidingRule[]>): boolean {
  if (rules.size === 0) return false;
  const classes = (attribute(element, 'class') ?? '').split(/\s+/);
  const id = attribute(element, 'id');
  const keys = [element.tagName, ...classes.map((name) => `.${name}`), ...(id ? [`#${id}`] : [])];
  return keys.some((key) =>
    rules
      .get(key)
      ?.some(
        (rule) =>
          (!rule.tag || rule.tag === element.tagName) &&
          (!rule.id || rule.id === id) &&
          rule.classes.every((name) => classes.includes(name)),
      ),
  );
}

function styleSheets(document: HtmlParent): string {
  const sheets: string[] = [];
  let inStyle = false;
  visitTree(document, {
    enter: (element) => (inStyle = element.tagName === 'style') || element.tagName !== 'script',
    text: (value) => inStyle && sheets.push(value),
    leave: () => (inStyle = false),
  });
  return withoutComments(sheets.join('\n'));
}

function withoutComments(css: string): string {
  let kept = '';
  for (let start = 0; start < css.length;) {
    const opens = css.indexOf('/*', start);
    if (opens < 0) return kept + css.slice(start);
    kept += css.slice(start, opens);
    const closes = css.indexOf('*/', opens + 2);
    start = closes < 0 ? css.length : closes + 2;
  }
  return kept;
}

/** Rules of one simple selector, by the most telling part of it. Conditional rules (`@media`) are left aside. */
function hidingRules(css: string): Map<string, HidingRule[]> {
  const rules = new Map<string, HidingRule[]>();
  let count = 0;
  for (const { selectors, body } of topLevelRules(css)) {
    if (!HIDING.test(body)) continue;
    for (const selector of selectors.split(',')) {
      const [, tag, names = ''] = SIMPLE_SELECTOR.exec(selector.trim()) ?? [];
      const id = /#([\w-]+)/.exec(names)?.[1];
      const classes = [...names.matchAll(/\.([\w-]+)/g)].map((match) => match[1] ?? '');
      const key = id ? `#${id}` : classes[0] ? `.${classes[0]}` : tag?.toLowerCase();
      if (!key || ++count > MAX_RULES) continue;
      const sameKey = rules.get(key) ?? [];
      sameKey.push({ tag: tag?.toLowerCase(), id, classes });
      rules.set(key, sameKey);
    }
  }
  return rules;
}

function* topLevelRules(css: string): Generator<{ selectors: string; body: string }> {
  let depth = 0;
  let start = 0;
  let selectors = '';
  for (let index = 0; index < css.length; index++) {
    const character = css[index];
    if (character === '{' && depth++ === 0) {
      selectors = css.slice(start, index).trim();
      start = index + 1;
    } else if (character === '}' && depth > 0 && --depth === 0) {
      if (!selectors.startsWith('@')) yield { selectors, body: css.slice(start, index) };
      start = index + 1;
    } else if (character === ';' && depth === 0) {
      start = index + 1;
    }
  }
}
