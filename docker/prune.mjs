/**
 * Takes out of an app's node_modules what never runs: types, source maps, documentation, and parts of packages that only
 * tools, browsers or other formats use. `npm run verify:ops -- images` starts every app from what is left.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const NEVER_READ = /\.(?:[cm]?ts|tsx|map|md|markdown|flow|tsbuildinfo)$/i;

/** Folders of packages by what they are for. */
const NEVER_USED = [
  // The compiler plug-in of @nestjs/swagger, which no built app loads.
  'typescript',
  // Draws pages, an option of pdfjs-dist; texts are read without.
  '@napi-rs',
  // Of pdfjs-dist only the character maps are read: unpdf brings a build of its own.
  ...['build', 'legacy', 'wasm', 'web', 'image_decoders', 'iccs', 'standard_fonts', 'types'].map(
    (folder) => `pdfjs-dist/${folder}`,
  ),
  // Sources and ranks of encodings that are in its builds too.
  ...['src', 'data'].map((folder) => `gpt-tokenizer/${folder}`),
  ...['playground', 'tests-integration', 'banner.png'].map((folder) => `tinyld/${folder}`),
  'typeorm/browser',
  'rxjs/src',
  'openai/src',
  'zod/src',
];

export function prune(modules) {
  for (const path of NEVER_USED) rmSync(join(modules, path), { recursive: true, force: true });
  for (const entry of readdirSync(modules, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && NEVER_READ.test(entry.name)) rmSync(join(entry.parentPath, entry.name));
  }
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  for (const folder of process.argv.slice(2)) if (existsSync(folder)) prune(folder);
}
