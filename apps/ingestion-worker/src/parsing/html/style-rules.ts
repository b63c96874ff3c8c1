import { attribute, type HtmlElement } from './html-tree.js';
import { keysOf, matchesSelector, type StyleSelector, styleSelectors } from './style-selector.js';

const PROPERTIES = ['display', 'visibility', 'opacity', 'font-size'] as const;
type Property = (typeof PROPERTIES)[number];

/** What a rule says of each property that it sets: whether the element is then unseen, and how much that counts. */
type Effects = Partial<Record<Property, { hides: boolean; isImportant: boolean }>>;

interface StyleRule {
  selector: StyleSelector;
  effects: Effects;
  weight: number;
}

const DECLARATION = /(?:^|[;{\s])(display|visibility|opacity|font-size)\s*:\s*([^;}]{1,80})/gi;
const HIDDEN: Readonly<Record<Property, RegExp>> = {
  display: /^none\b/i,
  visibility: /^(?:hidden|collapse)\b/i,
  opacity: /^0(?:\.0+)?%?(?:\s|!|$)/,
  'font-size': /^0(?:\.0+)?(?:px|pt|r?em|%)?(?:\s|!|$)/i,
};
const MAX_RULES = 10_000;
const INLINE_WEIGHT = 1e9;

/** The rules of a page's style sheets that hide elements or show them again, by the cascade of CSS. */
export class StyleRules {
  /** By what the elements that they match can be looked up by. */
  readonly #rules = new Map<string, StyleRule[]>();
  #count = 0;
  #hides = false;

  constructor(css: string) {
    for (const { selectors, body, isConditional } of rulesOf(withoutComments(css))) {
      const effects = effectsOf(body, isConditional);
      if (Object.keys(effects).length === 0) continue;
      for (const selector of styleSelectors(selectors)) this.#add(selector, effects);
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
    for (const key of keysOf(element))
      for (const { selector, effects, weight } of this.#rules.get(key) ?? [])
        if (matchesSelector(element, selector)) consider(effects, weight);
    consider(inline, INLINE_WEIGHT);
    return [...winners.values()].some(({ hides }) => hides);
  }

  #add(selector: StyleSelector, effects: Effects): void {
    if (++this.#count > MAX_RULES) return;
    const rules = this.#rules.get(selector.key) ?? [];
    rules.push({ selector, effects, weight: selector.specificity + this.#count / (2 * MAX_RULES) });
    this.#rules.set(selector.key, rules);
    this.#hides ||= Object.values(effects).some(({ hides }) => hides);
  }
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
