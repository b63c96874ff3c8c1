import { posix } from 'node:path';
import { readXml } from './word-xml.js';
import { type ZipArchive } from './zip-archive.js';

/** The parts that a part refers to, by what they are to it: `header` → word/header1.xml, word/header2.xml. */
export type Relationships = ReadonlyMap<string, readonly string[]>;

/** Relationships of `part`, or of the package when it is empty. External targets are left out. */
export async function relationshipsOf(zip: ZipArchive, part: string): Promise<Relationships> {
  const { dir, base } = posix.parse(part);
  const found = new Map<string, string[]>();
  await readXml(zip.read(posix.join(dir, '_rels', `${base}.rels`)), {
    open(element) {
      const target = element.attribute('Target');
      if (element.name !== 'rel:Relationship' || !target || element.attribute('TargetMode') === 'External') return;
      const type = element.attribute('Type')?.split('/').at(-1) ?? '';
      const path = target.startsWith('/') ? target.slice(1) : posix.join(dir, target);
      found.set(type, [...(found.get(type) ?? []), path]);
    },
    close() {},
  });
  return found;
}
