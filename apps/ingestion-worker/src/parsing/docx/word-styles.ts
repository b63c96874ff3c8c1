import { readXml } from './word-xml.js';

/** What of a style matters to the text. Undefined is inherited. */
export interface WordStyle {
  /** 0 for the title, 1 to 9 for headings. */
  headingLevel?: number | undefined;
  numberingId?: string | undefined;
  numberingLevel?: number | undefined;
  hidden?: boolean | undefined;
}

interface StyleDefinition extends WordStyle {
  basedOn?: string | undefined;
}

const MAX_INHERITANCE = 20;
const HEADING_NAME = /^heading ?([1-9])$/i;

/** The style sheet of a document. Styles are named in the user's language by id, but in English by name. */
export class WordStyles {
  readonly #definitions: ReadonlyMap<string, StyleDefinition>;

  private constructor(definitions: ReadonlyMap<string, StyleDefinition>) {
    this.#definitions = definitions;
  }

  static async read(part: AsyncIterable<Buffer>): Promise<WordStyles> {
    const definitions = new Map<string, StyleDefinition>();
    let style: StyleDefinition = {};
    await readXml(part, {
      open(element) {
        const value = element.attribute('val');
        if (element.name === 'w:style') {
          const id = element.attribute('styleId') ?? '';
          style = { headingLevel: headingLevelOf(id) };
          definitions.set(id, style);
        } else if (element.name === 'w:name') style.headingLevel ??= headingLevelOf(value ?? '');
        else if (element.name === 'w:basedOn') style.basedOn = value;
        else if (element.name === 'w:outlineLvl') style.headingLevel ??= outlineHeading(value);
        else if (element.name === 'w:numId') style.numberingId = value;
        else if (element.name === 'w:ilvl') style.numberingLevel = Number(value);
        else if (element.name === 'w:vanish') style.hidden = isOn(value);
      },
      close(name) {
        if (name === 'w:style') style = {};
      },
    });
    return new WordStyles(definitions);
  }

  /** A style with what it inherits. */
  resolve(id: string | undefined): WordStyle {
    const resolved: WordStyle =
      id === undefined || this.#definitions.has(id) ? {} : { headingLevel: headingLevelOf(id) };
    let definition = this.#definitions.get(id ?? '');
    for (let step = 0; definition && step < MAX_INHERITANCE; step++) {
      resolved.headingLevel ??= definition.headingLevel;
      resolved.numberingId ??= definition.numberingId;
      resolved.numberingLevel ??= definition.numberingLevel;
      resolved.hidden ??= definition.hidden;
      definition = this.#definitions.get(definition.basedOn ?? '');
    }
    return resolved;
  }
}

/** Outline levels count from 0; 9 is body text. */
export function outlineHeading(value: string | undefined): number | undefined {
  const level = Number(value);
  return value !== undefined && level >= 0 && level < 9 ? level + 1 : undefined;
}

/** Whether an on/off property is on: by its presence alone, unless its value says no. */
export function isOn(value: string | undefined): boolean {
  return value !== '0' && value !== 'false' && value !== 'off';
}

function headingLevelOf(name: string): number | undefined {
  if (/^title$/i.test(name)) return 0;
  const level = HEADING_NAME.exec(name)?.[1];
  return level ? Number(level) : undefined;
}
