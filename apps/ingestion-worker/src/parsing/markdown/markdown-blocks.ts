import { type fromMarkdown } from 'mdast-util-from-markdown';
import { toString } from 'mdast-util-to-string';
import { type BlockWriter } from '../block-writer.js';
import { writeHtmlFragment } from '../html/html.parser.js';

type Block = ReturnType<typeof fromMarkdown>['children'][number];
type List = Extract<Block, { type: 'list' }>;
type Table = Extract<Block, { type: 'table' }>;
type Inline = Extract<Block, { type: 'paragraph' }>['children'][number];

const BETWEEN_EAST_ASIAN =
  /(?<=[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\u3000-\u303F\uFF00-\uFFEF])\s*\n\s*(?=[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\u3000-\u303F\uFF00-\uFFEF])/gu;

/** Writes the blocks of a Markdown tree in document order. */
export function writeMarkdownBlocks(nodes: readonly Block[], out: BlockWriter): void {
  for (const node of nodes) writeBlock(node, out);
}

function writeBlock(node: Block, out: BlockWriter): void {
  if (node.type === 'heading') out.write({ kind: 'heading', text: inlineText(node), level: node.depth });
  else if (node.type === 'paragraph') out.write({ kind: 'paragraph', text: inlineText(node) });
  else if (node.type === 'code') out.write({ kind: 'code', text: node.value });
  else if (node.type === 'html') writeHtmlFragment(node.value, out);
  else if (node.type === 'table') writeTable(node, out);
  else if (node.type === 'list') writeList(node, 1, out);
  else if (node.type === 'blockquote' || node.type === 'footnoteDefinition') writeMarkdownBlocks(node.children, out);
}

function writeList(list: List, level: number, out: BlockWriter): void {
  for (const [index, item] of list.children.entries()) {
    const bullet = list.ordered ? `${(list.start ?? 1) + index}.` : '-';
    let marker = item.checked === true ? `${bullet} [x] ` : item.checked === false ? `${bullet} [ ] ` : `${bullet} `;
    for (const child of item.children) {
      if (child.type === 'list') writeList(child, level + 1, out);
      else if (child.type === 'paragraph') out.write({ kind: 'list-item', text: marker + inlineText(child), level });
      else writeBlock(child, out);
      marker = '';
    }
  }
}

function writeTable({ children }: Table, out: BlockWriter): void {
  let header: string | undefined;
  for (const row of children) {
    const text = row.children
      .map((cell) => inlineText(cell).replace(/\s+/g, ' '))
      .join(' | ')
      .replace(/[| ]+$/, '');
    out.write({ kind: 'table-row', text, header });
    header ??= text;
  }
}

/** Text as a reader sees it: a line break in the source is a space, an explicit one stays. */
function inlineText(parent: { children: readonly Inline[] }): string {
  return parent.children.map(phrase).join('');
}

function phrase(node: Inline): string {
  if (node.type === 'text') return node.value.replace(BETWEEN_EAST_ASIAN, '').replace(/\s*\n\s*/g, ' ');
  if (node.type === 'break') return '\n';
  if (node.type === 'html') return /^<br\b/i.test(node.value) ? '\n' : '';
  if (node.type === 'footnoteReference') return `[${node.label ?? node.identifier}]`;
  if (node.type === 'image' || node.type === 'imageReference') return '';
  if ('children' in node) return inlineText(node);
  return toString(node);
}
