import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { type BlockWriter } from '../block-writer.js';
import { type DocumentFacts, type DocumentSource } from '../document-parser.js';
import { decodeText } from '../encoding/decode-text.js';
import { writeMarkdownBlocks } from './markdown-blocks.js';
import { markdownPieces } from './markdown-pieces.js';

/** YAML or TOML between two equal lines at the very start. */
const FRONT_MATTER = /^(---|\+\+\+)[^\S\n]*\n([\s\S]{0,20000}?)\n\1[^\S\n]*(?:\n|$)/;
const SETTING = /^["']?[\w-]+["']?\s*[:=]/m;

/** GitHub-flavoured Markdown. Front matter is kept as it is written. */
export function parseMarkdown({ bytes }: DocumentSource, out: BlockWriter): DocumentFacts {
  const text = decodeText(bytes).text.replace(/\r\n?/g, '\n');
  const frontMatter = FRONT_MATTER.exec(text);
  const isFrontMatter = frontMatter !== null && SETTING.test(frontMatter[2] ?? '');
  if (isFrontMatter) out.write({ kind: 'code', text: frontMatter[2] ?? '' });
  const body = isFrontMatter ? text.slice(frontMatter[0].length) : text;
  let done = 0;
  for (const piece of markdownPieces(body)) {
    const tree = fromMarkdown(piece, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
    writeMarkdownBlocks(tree.children, out);
    out.progress((done += piece.length), body.length);
  }
  return {};
}
