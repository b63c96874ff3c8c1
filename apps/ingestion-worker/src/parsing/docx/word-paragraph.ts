import { type BlockDraft } from '../block-writer.js';
import { type WordNumbering } from './word-numbering.js';
import { type WordStyles } from './word-styles.js';

const MAX_HEADING_CHARS = 300;

/** One paragraph while it is read. */
export class WordParagraph {
  styleId: string | undefined;
  /** Set on the paragraph itself; wins over its style. */
  headingLevel: number | undefined;
  numberingId: string | undefined;
  numberingLevel: number | undefined;
  readonly text: string[] = [];
  /** Text boxes anchored in the paragraph. */
  readonly boxes: BlockDraft[] = [];

  /** The paragraph as a block. Counts it, when it is an item of a list. */
  toDraft(styles: WordStyles, numbering: WordNumbering): BlockDraft {
    const style = styles.resolve(this.styleId);
    const text = this.text.join('').trim();
    const isHidden = style.hidden === true || text === '';
    const headingLevel = this.headingLevel ?? style.headingLevel;
    const level = this.numberingLevel ?? style.numberingLevel ?? 0;
    const label = isHidden ? undefined : numbering.next(this.numberingId ?? style.numberingId ?? '0', level);
    const labelled = label && !text.startsWith(label) ? `${label} ${text}` : text;
    if (isHidden) return { kind: 'paragraph', text: '' };
    if (headingLevel !== undefined && text.length <= MAX_HEADING_CHARS) {
      return { kind: 'heading', text: label === '-' ? text : labelled, level: headingLevel };
    }
    return label === undefined ? { kind: 'paragraph', text } : { kind: 'list-item', text: labelled, level: level + 1 };
  }
}
