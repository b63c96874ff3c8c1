import { attribute, type HtmlElement, type HtmlNode } from './html-tree.js';

const PROPERTIES = ['display', 'visibility', 'opacity', 'font-size'] as const;
type Property = (typeof PROPERTIES)[number];

/** What a rule says of each property that it sets: whether the element is then unseen, and how much that counts. */
type Effects = Partial<Record<Property, { hides: boolean; isImportant: boolean }>>;

interface Compound {
  tag: string | undefined;
  id: string | undefined;
  classes: readonly string[];
  /** Whether the compound before it must match the parent, not just any ancestor. */
  isChild: boolean;
}

interface StyleRule {
  /** The last one matches the element itself. */
  compounds: readonly Compound[];
  effects: Effects;
  weight: number;
}

const COMPOUND = /^(\*|[a-z][\w-]*)?((?:[.#][\w-]+)*)$/i;
const DECLARATION = /(?:^|[;{\s])(display|visibility|opacity|font-size)\s*:\s*([^;}]{1,80})/gi;
const HIDDEN: Readonly<Record<Property, RegExp>> = {
  display: /^none\b/i,
  visibility: /^(?:hidden|collapse)\b/i,
  opacity: /^0(?:\.0+)?%?(?:\s|!|$)/,
  'font-size': /^0(?:\.0+)?(?:px|pt|r?em|%)?(?:\s|!|$)/i,
};
const MAX_RULES = 10_000;
const MAX_COMPOUNDS = 8;
const MAX_ANCESTORS = 64;
const INLINE_WEIGHT = 1e9;

/** The rules of a page's style sheets that hide elements or show them again, by the cascade of CSS. */
export class StyleRules {
  /** By the most telling part of the last compound. */
  readonly #rules = new Map<string, StyleRule[]>();
  #count = 0;
  #hides = false;

  constructor(css: string) {
    for (const { selectors, body, isConditional } of rulesOf(withoutComments(css))) {
      const effects = effectsOf(body, isConditional);
      if (Object.keys(effects).length === 0) continue;
      for (const selector of selectors.split(',')) this.#add(selector.trim(), effects);
    }
  }

  isHidden(element: HtmlElement): boolean {
    const inline = effectsOf(attribute(element, 'style') ?? '', false);
    if (!this.#hides) return Object.values(inline).some(({ hides }) => hides);
    const winners = new Map<Property, { hides: boolean; weight: number }>();
    const consider = (effects: Effects, weight: number): void => {
      for (const property of PROPERTIES) {
        const effect = effects[property];
        if (!effect) continue;
        const own = weight + (effect.isImportant ? 2 * INLINE_WEIGHT : 0);
        if (own >= (winners.get(property)?.weight ?? -1)) winners.set(property, { hides: effect.hides, weight: own });
      }
    };
    for (const rule of this.#candidates(element))
      if (matches(element, rule.compounds)) consider(rule.effects, rule.weight);
    consider(inline, INLINE_WEIGHT);
    return [...winners.values()].some(({ hides }) => hides);
  }

  #add(selector: string, effects: Effects): void {
    const compounds = compoundsOf(selector);
    const last = compounds?.at(-1);
    if (!compounds || !last || ++this.#count > MAX_RULES) return;
    const key = keyOf(last);
    const sum = (count: (compound: Compound) => number): number =>
      compounds.reduce((total, compound) => total + count(compound), 0);
    const specificity =
      sum(({ id }) => (id ? 1 : 0)) * 1e6 +
      sum(({ classes }) => classes.length) * 1e3 +
      sum(({ tag }) => (tag ? 1 : 0));
    const rules = this.#rules.get(key) ?? [];
    rules.push({ compounds, effects, weight: specificity + this.#count / (2 * MAX_RULES) });
    this.#rules.set(key, rules);
    this.#hides ||= Object.values(effects).some(({ hides }) => hides);
  }

  *#candidates(element: HtmlElement): Generator<StyleRule> {
    const id = attribute(element, 'id');
    const classes = classesOf(element).map((name) => `.${name}`);
    for (const key of new Set(['*', element.tagName, ...classes, ...(id ? [`#${id}`] : [])]))
      yield* this.#rules.get(key) ?? [];
  }
}

/** Undefined for selectors that are not understood: by attributes, states or positions. */
function compoundsOf(selector: string): Compound[] | undefined {
  const parts = selector.replace(/\s*>\s*/g, ' >').split(/\s+/);
  if (parts.length > MAX_COMPOUNDS) return undefined;
  const compounds: Compound[] = [];
  for (const part of parts) {
    const isChild = part.startsWith('>');
    const [, tag, names = ''] = COMPOUND.exec(isChild ? part.slice(1) : part) ?? [];
    if (tag === undefined && names === '') return undefined;
    compounds.push({
      tag: tag === '*' ? undefined : tag?.toLowerCase(),
      id: /#([\w-]+)/.exec(names)?.[1],
      classes: [...names.matchAll(/\.([\w-]+)/g)].map((match) => match[1] ?? ''),
      isChild,
    });
  }
  return compounds;
}

function keyOf({ id, classes, tag }: Compound): string {
  return id ? `#${id}` : classes[0] ? `.${classes[0]}` : (tag ?? '*');
}

function matches(element: HtmlElement, compounds: readonly Compound[]): boolean {
  let index = compounds.length - 1;
  if (!matchesCompound(element, compounds[index])) return false;
  let isChild = compounds[index]?.isChild;
  let ancestor = parentOf(element);
  for (let steps = 0; index > 0; steps++) {
    if (!ancestor || steps === MAX_ANCESTORS) return false;
    if (matchesCompound(ancestor, compounds[index - 1])) isChild = compounds[--index]?.isChild;
    else if (isChild) return false;
    ancestor = parentOf(ancestor);
  }
  return true;
}

function matchesCompound(element: HtmlElement, compound: Compound | undefined): boolean {
  if (!compound) return false;
  if (compound.tag && compound.tag !== element.tagName) return false;
  if (compound.id && compound.id !== attribute(element, 'id')) return false;
  if (compound.classes.length === 0) return true;
  const classes = classesOf(element);
  return compound.classes.every((name) => classes.includes(name));
}

function parentOf({ parentNode }: HtmlElement): HtmlElement | undefined {
  return parentNode && 'tagName' in (parentNode as HtmlNode) ? (parentNode as HtmlElement) : undefined;
}

function classesOf(element: HtmlElement): string[] {
  return (attribute(element, 'class') ?? '').split(/\s+/).filter((name) => name !== '');
}

/** A rule under a condition may show what is hidden elsewhere, on another screen for example, but hides nothing for sure. */
function effectsOf(body: string, isConditional: boolean): Effects {
  const effects: Effects = {};
  for (const [, name = '', value = ''] of body.matchAll(DECLARATION)) {
    const property = name.toLowerCase() as Property;
    const hides = HIDDEN[property].test(value.trim());
    if (hides && isConditional) continue;
    effects[property] = { hides, isImportant: /!\s*important/i.test(value) };
  }
  return effects;
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

/** Rules at the top, and those one level down in `@media` and the like, print excepted. */
function* rulesOf(css: string): Generator<{ selectors: string; body: string; isConditional: boolean }> {
  const open: { prelude: string; start: number }[] = [];
  let start = 0;
  for (let index = 0; index < css.length; index++) {
    const character = css[index];
    if (character === '{') {
      open.push({ prelude: css.slice(start, index).trim(), start: index + 1 });
      start = index + 1;
    } else if (character === '}') {
      const rule = open.pop();
      const outer = open[0]?.prelude;
      const isRule = rule && !rule.prelude.startsWith('@') && open.length <= 1;
      if (isRule && (outer === undefined || /^@(?:media|supports|layer)\b(?!\s*print)/i.test(outer))) {
        yield { selectors: rule.prelude, body: css.slice(rule.start, index), isConditional: outer !== undefined };
      }
      start = index + 1;
    } else if (character === ';' && open.length === 0) {
      start = index + 1;
    }
  }
}
