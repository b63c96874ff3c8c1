import { type EvaluationLeg, type SearchHit, type SearchReply, type SearchRequest } from '@parley/contracts';

/** The most that a search gives: k files may need more than k chunks. */
const MAX_RESULTS = 50;

const WEIGHTS: Record<Exclude<EvaluationLeg, 'hybrid'>, { lexical: number; vector: number }> = {
  lexical: { lexical: 1, vector: 0 },
  vector: { lexical: 0, vector: 1 },
};

/** A search by one leg alone, or as everybody gets it. */
export function legRequest(leg: EvaluationLeg, knowledgeBaseId: string, query: string): SearchRequest {
  return {
    knowledgeBaseIds: [knowledgeBaseId],
    queries: [query],
    maxResults: MAX_RESULTS,
    scoreThreshold: 0,
    explain: true,
    ...(leg === 'hybrid' ? {} : { weights: WEIGHTS[leg] }),
  };
}

/** What the leg itself has found: the other one's candidates come last with nothing to their credit. */
export function hitsOfLeg(leg: EvaluationLeg, { hits }: SearchReply): SearchHit[] {
  return leg === 'hybrid' ? hits : hits.filter(({ explain }) => explain?.[leg]);
}

/** Words alone were searched although vectors were asked for: the query could not be embedded, or nothing is comparable. */
export function isDegraded(leg: EvaluationLeg, { explain }: SearchReply): boolean {
  return leg !== 'lexical' && (explain?.queries ?? []).some(({ vector }) => vector.scan === 'none');
}
