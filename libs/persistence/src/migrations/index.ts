import { Roles1700000000000 } from './1700000000000-roles.js';
import { Identity1700000000100 } from './1700000000100-identity.js';
import { Chat1700000000200 } from './1700000000200-chat.js';
import { Memory1700000000300 } from './1700000000300-memory.js';
import { MemorySearch1700000000310 } from './1700000000310-memory-search.js';
import { MemoryVersions1700000000320 } from './1700000000320-memory-versions.js';
import { AnnounceJobs1700000000400 } from './1700000000400-announce-jobs.js';
import { IngestionJobs1700000000500 } from './1700000000500-ingestion-jobs.js';
import { SameContent1700000000510 } from './1700000000510-same-content.js';
import { FileBatches1700000000511 } from './1700000000511-file-batches.js';
import { Orphans1700000000512 } from './1700000000512-orphans.js';
import { FileExpiry1700000000513 } from './1700000000513-file-expiry.js';
import { KnowledgeBaseExpiry1700000000514 } from './1700000000514-knowledge-base-expiry.js';
import { WebPages1700000000520 } from './1700000000520-web-pages.js';
import { EmbeddingMigrations1700000000530 } from './1700000000530-embedding-migrations.js';
import { SearchExplained1700000000540 } from './1700000000540-search-explained.js';
import { LexicalFeedback1700000000541 } from './1700000000541-lexical-feedback.js';
import { Ranking1700000000542 } from './1700000000542-ranking.js';
import { VectorPlan1700000000550 } from './1700000000550-vector-plan.js';
import { LongerVectorPasses1700000000551 } from './1700000000551-longer-vector-passes.js';
import { Evaluations1700000000560 } from './1700000000560-evaluations.js';
import { SearchWhileMoving1700000000570 } from './1700000000570-search-while-moving.js';
import { ClosedAttempts1700000000580 } from './1700000000580-closed-attempts.js';
import { RunControl1700000000600 } from './1700000000600-run-control.js';
import { ConversationTree1700000000610 } from './1700000000610-conversation-tree.js';
import { ConversationCare1700000000611 } from './1700000000611-conversation-care.js';
import { ConversationSummary1700000000612 } from './1700000000612-conversation-summary.js';
import { IdempotencyKeys1700000000613 } from './1700000000613-idempotency-keys.js';
import { StoredRequests1700000000614 } from './1700000000614-stored-requests.js';
import { RunCosts1700000000620 } from './1700000000620-run-costs.js';
import { Tools1700000000621 } from './1700000000621-tools.js';
import { LostRuns1700000000640 } from './1700000000640-lost-runs.js';
import { RunStatistics1700000000660 } from './1700000000660-run-statistics.js';
import { RunVariants1700000000690 } from './1700000000690-run-variants.js';
import { RunsByVariant1700000000691 } from './1700000000691-runs-by-variant.js';
import { FeatureFlags1700000000692 } from './1700000000692-feature-flags.js';
import { RunFunctions1700000000700 } from './1700000000700-run-functions.js';
import { TraceContext1700000000680 } from './1700000000680-trace-context.js';
import { VariantsOfBegunRuns1700000000709 } from './1700000000709-variants-of-begun-runs.js';
import { Audit1700000000710 } from './1700000000710-audit.js';
import { CheckpointFunction1700000000711 } from './1700000000711-checkpoint-function.js';
import { UsageRecords1700000000641 } from './1700000000641-usage-records.js';
import { TenantFigures1700000000650 } from './1700000000650-tenant-figures.js';

/** In order. A migration that has landed is never edited: add another. */
export const MIGRATIONS = [
  Roles1700000000000,
  Identity1700000000100,
  Chat1700000000200,
  Memory1700000000300,
  MemorySearch1700000000310,
  MemoryVersions1700000000320,
  AnnounceJobs1700000000400,
  IngestionJobs1700000000500,
  SameContent1700000000510,
  FileBatches1700000000511,
  Orphans1700000000512,
  FileExpiry1700000000513,
  KnowledgeBaseExpiry1700000000514,
  WebPages1700000000520,
  EmbeddingMigrations1700000000530,
  SearchExplained1700000000540,
  LexicalFeedback1700000000541,
  Ranking1700000000542,
  VectorPlan1700000000550,
  LongerVectorPasses1700000000551,
  Evaluations1700000000560,
  SearchWhileMoving1700000000570,
  ClosedAttempts1700000000580,
  RunControl1700000000600,
  ConversationTree1700000000610,
  ConversationCare1700000000611,
  ConversationSummary1700000000612,
  IdempotencyKeys1700000000613,
  StoredRequests1700000000614,
  RunCosts1700000000620,
  Tools1700000000621,
  LostRuns1700000000640,
  UsageRecords1700000000641,
  TenantFigures1700000000650,
  RunStatistics1700000000660,
  TraceContext1700000000680,
  RunVariants1700000000690,
  RunsByVariant1700000000691,
  FeatureFlags1700000000692,
  RunFunctions1700000000700,
  VariantsOfBegunRuns1700000000709,
  Audit1700000000710,
  CheckpointFunction1700000000711,
];
