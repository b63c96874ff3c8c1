import { DomainError, parseId, type PublicIdKind } from '@parley/contracts';

/**
 * Public ids of a request body → uuids.
 * @throws DomainError `not_found` that names the element at fault
 */
export function parseIds(kind: PublicIdKind, texts: readonly string[], noun: string, param: string): string[] {
  return texts.map((text, index) => {
    const id = parseId(kind, text);
    if (id === null) throw DomainError.notFound(noun, `${param}.${index}`);
    return id;
  });
}
