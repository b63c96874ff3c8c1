import { type LegScore, type SearchDuplicate, type SearchHit, type SearchNeighbor } from '@parley/contracts';
import { type Distinct, type KnowledgeHit } from '@parley/knowledge';

/** A chunk, and the one of several queries that found it best. */
export interface RankedHit {
  query: string;
  hit: KnowledgeHit;
  /** What the reranker said. */
  reranked?: number;
}

/** The hits of several queries as one list: each chunk once with its best score, best first. */
export function best(found: readonly { query: string; hits: KnowledgeHit[] }[]): RankedHit[] {
  const byChunk = new Map<string, RankedHit>();
  for (const { query, hits } of found) {
    for (const hit of hits) {
      const known = byChunk.get(hit.chunkId);
      if (!known || known.hit.score < hit.score) byChunk.set(hit.chunkId, { query, hit });
    }
  }
  const ranked = [...byChunk.values()];
  if (found.length > 1) ranked.sort((a, b) => b.hit.score - a.hit.score);
  return ranked;
}

export const scoreOf = ({ hit, reranked }: RankedHit): number => reranked ?? hit.score;

export function searchHit(
  { hit: ranked, duplicates }: Distinct<RankedHit>,
  asked: { neighbors?: number; explain?: boolean },
  { neighbors, urls }: { neighbors: Map<string, SearchNeighbor[]>; urls: Map<string, string> },
): SearchHit {
  const { version: _version, lexicalScore, lexicalRank, vectorScore, vectorRank, ...hit } = ranked.hit;
  const explain = {
    query: ranked.query,
    lexical: legScore(lexicalScore, lexicalRank),
    vector: legScore(vectorScore, vectorRank),
    fused: hit.score,
    reranked: ranked.reranked ?? null,
  };
  const url = urls.get(hit.fileId);
  return {
    ...hit,
    ...(url === undefined ? {} : { url }),
    score: scoreOf(ranked),
    ...(asked.neighbors ? { neighbors: neighbors.get(hit.chunkId) ?? [] } : {}),
    ...(duplicates.length > 0 ? { duplicates: duplicates.map(duplicate) } : {}),
    ...(asked.explain ? { explain } : {}),
  };
}

function duplicate({ hit: { chunkId, fileId, filename, ordinal } }: RankedHit): SearchDuplicate {
  return { chunkId, fileId, filename, ordinal };
}

function legScore(score: number | null, rank: number | null): LegScore | null {
  return score === null || rank === null ? null : { score, rank };
}
