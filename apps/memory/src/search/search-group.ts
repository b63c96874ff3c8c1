import { type EmbeddingSpace, type KnowledgeHit } from '@parley/knowledge';
import { type SearchScope } from './search.repository.js';

/** Knowledge bases that are searched together, because the same vector of the query compares with theirs. */
export interface SearchGroup {
  knowledgeBaseIds: string[];
  /** Null: words alone. */
  space: EmbeddingSpace | null;
}

/** One group for each space that the queries have vectors in and each weight that these are given, one for all other knowledge bases. */
export function searchGroups(
  scopes: readonly SearchScope[],
  embedded: { has(spaceId: string): boolean },
): SearchGroup[] {
  const groups = new Map<string, SearchGroup>();
  for (const { knowledgeBaseId, space } of scopes) {
    const usable = space !== null && embedded.has(space.id) ? space : null;
    const key = usable === null ? '' : `${usable.id} ${usable.vectorWeight}`;
    const group = groups.get(key) ?? { knowledgeBaseIds: [], space: usable };
    group.knowledgeBaseIds.push(knowledgeBaseId);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The hits of one query in several groups, best first: their scores compare across searches. */
export function mergedGroups(found: readonly { hits: KnowledgeHit[] }[]): KnowledgeHit[] {
  if (found.length === 1) return found[0]!.hits;
  return found.flatMap(({ hits }) => hits).sort((a, b) => b.score - a.score);
}
