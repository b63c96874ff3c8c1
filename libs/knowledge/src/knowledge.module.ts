import { Module } from '@nestjs/common';
import { ChunkWriter } from './ingestion/chunk-writer.js';
import { IngestionLedger } from './ingestion/ingestion-ledger.js';
import { JobTraces } from './ingestion/job-traces.js';
import { WrittenChunks } from './ingestion/written-chunks.js';
import { WebPages } from './pages/web-pages.js';
import { KnowledgeSearch } from './search/knowledge-search.js';
import { LexicalStatistics } from './search/lexical-statistics.js';
import { Neighbors } from './search/neighbors.js';
import { EmbeddingMigrations } from './spaces/embedding-migrations.js';
import { EmbeddingSpaces } from './spaces/embedding-spaces.js';
import { MigrationLedger } from './spaces/migration-ledger.js';

const PROVIDERS = [
  IngestionLedger,
  ChunkWriter,
  WrittenChunks,
  JobTraces,
  WebPages,
  EmbeddingSpaces,
  EmbeddingMigrations,
  MigrationLedger,
  KnowledgeSearch,
  Neighbors,
  LexicalStatistics,
];

/** Chunks, vectors and lexical rows: written by the worker, searched by memory, so that both agree about them. */
@Module({ providers: PROVIDERS, exports: PROVIDERS })
export class KnowledgeModule {}
