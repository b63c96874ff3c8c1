import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type Attributes,
  type DocumentContentReply,
  DOCUMENT_STATUSES,
  type DocumentStatus,
  type DocumentView,
  formatId,
  INGESTION_ERROR_CODES,
  type IngestionErrorCode,
} from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';
import { ChunkingStrategy } from './chunking-strategy.js';
import { VECTOR_STORE_FILE_STATUSES, type VectorStoreFileStatus } from './vector-store-file.request.js';

const ERROR_CODES = ['server_error', 'unsupported_file', 'invalid_file'] as const;
type OpenAiErrorCode = (typeof ERROR_CODES)[number];

const WIRE_STATUS: Readonly<Record<DocumentStatus, VectorStoreFileStatus>> = {
  queued: 'in_progress',
  parsing: 'in_progress',
  embedding: 'in_progress',
  indexing: 'in_progress',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

const WIRE_ERROR: Readonly<Record<IngestionErrorCode, OpenAiErrorCode>> = {
  unsupported: 'unsupported_file',
  encrypted: 'invalid_file',
  corrupt: 'invalid_file',
  no_text: 'invalid_file',
  unknown_encoding: 'invalid_file',
  too_large: 'invalid_file',
  url_refused: 'invalid_file',
  url_unreachable: 'server_error',
  http_error: 'server_error',
  timeout: 'server_error',
  parser_crashed: 'server_error',
  blob_missing: 'server_error',
  provider_error: 'server_error',
  worker_lost: 'server_error',
  internal_error: 'server_error',
};

export class LastError {
  @ApiProperty({ enum: ERROR_CODES })
  code!: OpenAiErrorCode;

  @ApiProperty()
  message!: string;
}

/** What OpenAI's object has no field for. */
export class IngestionProgress {
  @ApiProperty({ enum: DOCUMENT_STATUSES })
  stage!: DocumentStatus;

  @ApiProperty({ minimum: 0, maximum: 100 })
  progress_percent!: number;

  @ApiProperty({ enum: INGESTION_ERROR_CODES, nullable: true })
  error_code!: IngestionErrorCode | null;

  @ApiProperty()
  chunk_count!: number;
}

/** OpenAI's vector store file: a document, under the id of its file. */
export class VectorStoreFileObject {
  @ApiProperty({ example: 'file-01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['vector_store.file'] })
  object!: 'vector_store.file';

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;

  @ApiProperty()
  vector_store_id!: string;

  @ApiProperty({ enum: VECTOR_STORE_FILE_STATUSES })
  status!: VectorStoreFileStatus;

  @ApiProperty({ type: LastError, nullable: true })
  last_error!: LastError | null;

  @ApiProperty()
  usage_bytes!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
  })
  attributes!: Attributes;

  @ApiPropertyOptional({ type: ChunkingStrategy })
  chunking_strategy!: ChunkingStrategy;

  @ApiProperty({ type: IngestionProgress })
  parley!: IngestionProgress;
}

/** As OpenAI does, `auto` is shown as the sizes that it stands for. */
const AUTO_CHUNKING = { maxChunkSizeTokens: 800, chunkOverlapTokens: 400 };

export function vectorStoreFileObject(view: DocumentView): VectorStoreFileObject {
  const { maxChunkSizeTokens, chunkOverlapTokens } = view.chunking ?? AUTO_CHUNKING;
  return {
    id: formatId('file', view.fileId),
    object: 'vector_store.file',
    created_at: unixSeconds(view.createdAt),
    vector_store_id: formatId('knowledgeBase', view.knowledgeBaseId),
    status: WIRE_STATUS[view.status],
    last_error: view.error ? { code: WIRE_ERROR[view.error.code], message: view.error.message } : null,
    usage_bytes: view.usageBytes,
    attributes: view.attributes,
    chunking_strategy: {
      type: 'static',
      static: { max_chunk_size_tokens: maxChunkSizeTokens, chunk_overlap_tokens: chunkOverlapTokens },
    },
    parley: {
      stage: view.status,
      progress_percent: view.progressPercent,
      error_code: view.error?.code ?? null,
      chunk_count: view.chunkCount,
    },
  };
}

export class FileContentText {
  @ApiProperty({ enum: ['text'] })
  type!: 'text';

  @ApiProperty()
  text!: string;
}

export class FileContentPage {
  @ApiProperty({ enum: ['vector_store.file_content.page'] })
  object!: 'vector_store.file_content.page';

  @ApiProperty()
  file_id!: string;

  @ApiProperty()
  filename!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  attributes!: Attributes;

  @ApiProperty({ type: [FileContentText] })
  data!: FileContentText[];

  @ApiProperty({ enum: [false] })
  has_more!: false;

  @ApiProperty({ type: String, nullable: true })
  next_page!: null;
}

/** The parsed text, one element per chunk. */
export function fileContentPage(reply: DocumentContentReply): FileContentPage {
  return {
    object: 'vector_store.file_content.page',
    file_id: formatId('file', reply.fileId),
    filename: reply.filename,
    attributes: reply.attributes,
    data: reply.content.map((text) => ({ type: 'text', text })),
    has_more: false,
    next_page: null,
  };
}
