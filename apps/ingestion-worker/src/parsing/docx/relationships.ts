import { posix } from 'node:path';
import { readXml } from './word-xml.js';
import { type ZipArchive } from './zip-archive.js';

/** The parts that a part refers to, by what they are to it: `header` → word/header1.xml, word/header2.xml. */
export type Relationships = ReadonlyMap<string, readonly RelatedPart[]>;

export interface RelatedPart {
  id: string;
  path: string;
}

/** Relationships of `part`, or of the package when it is empty. External targets are left out. */
export async function relationshipsOf(zip: ZipArchive, part: string): Promise<Relationships> {
  const { dir, base } = posix.parse(part);
  const found = new Map<string, RelatedPart[]>();
  await readXml(zip.read(posix.join(dir, '_rels', `${base}.rels`)), {
    open(element) {
      const target = element.attribute('Target');
      if (element.name !== 'rel:Relationship' || !target || element.attribute('TargetMode') === 'External') return;
      const type = element.attribute('Type')?.split('/').at(-1) ?? '';
      const path = target.startsWith('/') ? target.slice(1) : posix.join(dir, target);
      const id = element.attribute('Id') ?? '';
      const parts = found.get(type);
      if (parts) parts.push({ id, path });
      else found.set(type, [{ id, path }]);
    },
    close() {},
  });
  return found;
}
