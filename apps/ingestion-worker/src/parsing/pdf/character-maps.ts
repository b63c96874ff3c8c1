import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);
const FILE_NAME = /^[\w-]+\.bcmap$/;

/**
 * East Asian fonts that are not embedded name a character map instead of carrying one. The maps come with the package
 * `pdfjs-dist`. Undefined when the map does not exist.
 */
export async function characterMap(filename: string): Promise<Uint8Array | undefined> {
  if (!FILE_NAME.test(filename)) return undefined;
  try {
    return new Uint8Array(await readFile(resolve(`pdfjs-dist/cmaps/${filename}`)));
  } catch {
    return undefined;
  }
}
