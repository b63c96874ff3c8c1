export { analyse, analyseQuery, type QueryTerm } from './analysis/analyse.js';
export { detectLanguage } from './analysis/detect-language.js';
export { type Language } from './analysis/languages.js';
export { BM25, termHash, termVector } from './analysis/term-vector.js';
export { isMostlyUnspaced } from './analysis/words.js';
export { isQuotedFrom, normaliseQuote } from './evaluation/literal-quote.js';
export {
  documentsInOrder,
  isScorable,
  hitAt,
  type Judgements,
  mean,
  ndcgAt,
  qualityAt,
  quantile,
  type RankingQuality,
  recallAt,
  reciprocalRankAt,
} from './evaluation/ranking-quality.js';
export { jobsFinished } from './ingestion/finished-jobs.js';
export { JobTraces } from './ingestion/job-traces.js';
export { IngestionLedger, type NewJob } from './ingestion/ingestion-ledger.js';
export { cancelJobs } from './ingestion/job-ending.js';
export { ChunkWriter, type NewChunk, type NewVector } from './ingestion/chunk-writer.js';
export {
  type Claim,
  type ClaimOptions,
  type Failure,
  type FailureOutcome,
  type Lease,
  LeaseLostError,
  type Progress,
  type RunningStatus,
  VectorsMissingError,
} from './ingestion/lease.js';
export { type ChunkDraft, WrittenChunks } from './ingestion/written-chunks.js';
export { removeDocument, removeKnowledgeBase } from './ingestion/removal.js';
export { type FetchedContent, type IndexedPage, type WebPage, WebPages } from './pages/web-pages.js';
export { KnowledgeModule } from './knowledge.module.js';
export { compileFilter } from './search/attribute-filter.js';
export { type KnowledgeHit, type KnowledgeQuery, KnowledgeSearch, type SearchPlan } from './search/knowledge-search.js';
export { LexicalStatistics } from './search/lexical-statistics.js';
export { type Distinct, withoutNearDuplicates } from './search/near-duplicates.js';
export { VectorRecall } from './search/vector-recall.js';
export { type ChunkPosition, Neighbors } from './search/neighbors.js';
export {
  type EmbeddingMigration,
  type MigrationClaim,
  type MigrationLease,
  MigrationLostError,
  type MissingVector,
} from './spaces/embedding-migration.js';
export { EmbeddingMigrations, type MigrationKey } from './spaces/embedding-migrations.js';
export { type EmbeddingSpace } from './spaces/embedding-space.js';
export { EmbeddingSpaces } from './spaces/embedding-spaces.js';
export { MigrationLedger } from './spaces/migration-ledger.js';
export { defaultVectorWeight } from './spaces/vector-weight.js';
