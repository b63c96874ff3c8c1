import { AttributeAction, type AttributeSelector, parse, type Selector, SelectorType } from 'css-what';
import { attribute, type HtmlElement, type HtmlNode } from './html-tree.js';

/** What is asked of one element of the path that a selector describes. */
interface Compound {
  tokens: readonly Selector[];
  /** Whether the compound before it must match the parent, not just any ancestor. */
  isChild: boolean;
}

/** A selector that can be decided from an element and its ancestors. */
export interface StyleSelector {
  /** The last one matches the element itself. */
  compounds: readonly Compound[];
  specificity: number;
  /** One of the `keysOf` every element that it matches. */
  key: string;
}

const MAX_COMPOUNDS = 8;
const MAX_ANCESTORS = 64;
const ID_WEIGHT = 1e6;
const CLASS_WEIGHT = 1e3;
const SUBSELECTS = new Set(['not', 'is', 'where', 'matches']);

/**
 * The selectors of a list, as far as they are understood: tags, ids, classes, attributes, `:not()`, `:is()` and `:where()`,
 * children and descendants. States and positions are not; a list that is no CSS is nothing, as in a browser.
 */
export function styleSelectors(list: string): StyleSelector[] {
  try {
    return parse(list).flatMap((tokens) => styleSelector(tokens) ?? []);
  } catch {
    return [];
  }
}

/** What an element can be looked up by. */
export function* keysOf(element: HtmlElement): Generator<string> {
  yield '*';
  yield element.tagName;
  for (const { name, value } of element.attrs) {
    yield `[${name}]`;
    if (name === 'id') yield `#${value}`;
    if (name === 'class') for (const className of new Set(wordsOf(value))) yield `.${className}`;
  }
}

/** Goes up once from the element, with all that may have been matched so far as bits: no page can make it try again. */
export function matchesSelector(element: HtmlElement, { compounds }: StyleSelector): boolean {
  const last = compounds.length - 1;
  let reached = matchesAll(element, compounds[last]?.tokens) ? 1 << last : 0;
  let ancestor = parentOf(element);
  for (let steps = 0; reached > 1 && ancestor && steps < MAX_ANCESTORS; steps++) {
    let next = 0;
    for (let index = last; index > 0; index--) {
      if (!(reached & (1 << index))) continue;
      if (!compounds[index]?.isChild) next |= 1 << index;
      if (matchesAll(ancestor, compounds[index - 1]?.tokens)) next |= 1 << (index - 1);
    }
    reached = next & 1 || next;
    ancestor = parentOf(ancestor);
  }
  return reached === 1;
}

function styleSelector(tokens: readonly Selector[]): StyleSelector | undefined {
  const compounds: { tokens: Selector[]; isChild: boolean }[] = [{ tokens: [], isChild: false }];
  for (const token of tokens) {
    const isChild = token.type === SelectorType.Child;
    if (isChild || token.type === SelectorType.Descendant) compounds.push({ tokens: [], isChild });
    else if (isUnderstood(token)) compounds.at(-1)?.tokens.push(lowerCased(token));
    else return undefined;
  }
  if (compounds.length > MAX_COMPOUNDS || compounds.some((compound) => compound.tokens.length === 0)) return undefined;
  return { compounds, specificity: specificityOf(tokens), key: keyOf(compounds.at(-1)?.tokens ?? []) };
}

function isUnderstood(token: Selector): boolean {
  if (token.type === SelectorType.Attribute) return token.action !== AttributeAction.Not;
  if (token.type === SelectorType.Tag || token.type === SelectorType.Universal) return true;
  if (token.type !== SelectorType.Pseudo) return false;
  if (token.name === 'root') return true;
  return SUBSELECTS.has(token.name) && Array.isArray(token.data) && token.data.flat().every(isUnderstood);
}

/** Of names alone: ids, classes and values are case-sensitive. */
function lowerCased(token: Selector): Selector {
  if (token.type === SelectorType.Tag || token.type === SelectorType.Attribute) {
    return { ...token, name: token.name.toLowerCase() };
  }
  if (token.type !== SelectorType.Pseudo || !Array.isArray(token.data)) return token;
  return { ...token, data: token.data.map((tokens) => tokens.map(lowerCased)) };
}

/** The most telling of its tokens. */
function keyOf(tokens: readonly Selector[]): string {
  const attributes = tokens.filter((token) => token.type === SelectorType.Attribute);
  const id = attributes.find(({ name, action }) => name === 'id' && action === AttributeAction.Equals);
  if (id && !isCaseIgnored(id)) return `#${id.value}`;
  const named = attributes.find(({ name, action }) => name === 'class' && action === AttributeAction.Element);
  if (named && !isCaseIgnored(named)) return `.${named.value}`;
  const tag = tokens.find((token) => token.type === SelectorType.Tag);
  return attributes[0] ? `[${attributes[0].name}]` : (tag?.name ?? '*');
}

function specificityOf(tokens: readonly Selector[]): number {
  return tokens.reduce((sum, token) => sum + weightOf(token), 0);
}

function weightOf(token: Selector): number {
  if (token.type === SelectorType.Tag) return 1;
  if (token.type === SelectorType.Attribute) return isShort(token) && token.name === 'id' ? ID_WEIGHT : CLASS_WEIGHT;
  if (token.type !== SelectorType.Pseudo || token.name === 'where') return 0;
  if (!Array.isArray(token.data)) return CLASS_WEIGHT;
  return Math.max(0, ...token.data.map(specificityOf));
}

/** Written `#id` or `.class`. */
function isShort({ ignoreCase }: AttributeSelector): boolean {
  return ignoreCase === 'quirks';
}

function isCaseIgnored({ ignoreCase }: AttributeSelector): boolean {
  return ignoreCase === true;
}

function matchesAll(element: HtmlElement, tokens: readonly Selector[] = []): boolean {
  return tokens.every((token) => matchesToken(element, token));
}

function matchesToken(element: HtmlElement, token: Selector): boolean {
  if (token.type === SelectorType.Tag) return token.name === element.tagName;
  if (token.type === SelectorType.Attribute) return matchesAttribute(attribute(element, token.name), token);
  if (token.type !== SelectorType.Pseudo) return true;
  if (!Array.isArray(token.data)) return element.tagName === 'html';
  return token.data.some((tokens) => matchesAll(element, tokens)) !== (token.name === 'not');
}

function matchesAttribute(actual: string | undefined, selector: AttributeSelector): boolean {
  if (actual === undefined) return false;
  const [value, wanted] = isCaseIgnored(selector)
    ? [actual.toLowerCase(), selector.value.toLowerCase()]
    : [actual, selector.value];
  switch (selector.action) {
    case AttributeAction.Exists:
      return true;
    case AttributeAction.Equals:
      return value === wanted;
    case AttributeAction.Element:
      return wordsOf(value).includes(wanted);
    case AttributeAction.Hyphen:
      return value === wanted || value.startsWith(`${wanted}-`);
    case AttributeAction.Start:
      return wanted !== '' && value.startsWith(wanted);
    case AttributeAction.End:
      return wanted !== '' && value.endsWith(wanted);
    case AttributeAction.Any:
      return wanted !== '' && value.includes(wanted);
    case AttributeAction.Not:
      return value !== wanted;
  }
}

function parentOf({ parentNode }: HtmlElement): HtmlElement | undefined {
  return parentNode && 'tagName' in (parentNode as HtmlNode) ? (parentNode as HtmlElement) : undefined;
}

function wordsOf(value: string): string[] {
  return value.split(/\s+/).filter((word) => word !== '');
}
