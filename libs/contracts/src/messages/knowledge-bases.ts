import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Type } from 'class-transformer';
import { defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { ByIdRequest, type DeletedReply } from './by-id.js';

export type Metadata = Record<string, string>;
export type Attributes = Record<string, string | number | boolean>;

/** Queued and running documents count as in progress. */
export interface DocumentCounts {
  inProgress: number;
  completed: number;
  failed: number;
  cancelled: number;
  total: number;
}

export interface KnowledgeBaseView {
  id: string;
  name: string;
  description: string | null;
  metadata: Metadata;
  counts: DocumentCounts;
  usageBytes: number;
  createdAt: string;
  lastActiveAt: string;
  /** Absent when it does not expire. */
  expiry?: { days: number; expiresAt: string; isExpired: boolean };
}

/** Sizes in tokens, as OpenAI's `static` strategy; absent means `auto` (800/400). */
export class ChunkingOptions {
  @IsInt()
  @Min(100)
  @Max(4096)
  maxChunkSizeTokens!: number;

  @IsInt()
  @Min(0)
  @Max(2048)
  chunkOverlapTokens!: number;
}

export class CreateKnowledgeBaseRequest {
  @IsUUID()
  id!: string;

  @IsString()
  @MaxLength(256)
  name!: string;

  @IsOptional()
  @IsString()
  @MaxLength(2048)
  description?: string;

  @IsObject()
  metadata: Metadata = {};

  /** Days without a search after which it expires. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(365)
  expiresAfterDays?: number;
}

export class UpdateKnowledgeBaseRequest {
  @IsUUID()
  id!: string;

  @IsOptional()
  @IsString()
  @MaxLength(256)
  name?: string;

  @IsOptional()
  @IsString()
  @MaxLength(2048)
  description?: string;

  @IsOptional()
  @IsObject()
  metadata?: Metadata;

  /** Days without a search after which it expires, from now; null for never. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(365)
  expiresAfterDays?: number | null;
}

export const DOCUMENT_STATUSES = [
  'queued',
  'parsing',
  'embedding',
  'indexing',
  'completed',
  'failed',
  'cancelled',
] as const;
export type DocumentStatus = (typeof DOCUMENT_STATUSES)[number];

/** Why a document could not be indexed. Stable, as error codes are. */
export const INGESTION_ERROR_CODES = [
  'encrypted',
  'no_text',
  'corrupt',
  'unsupported',
  'too_large',
  'timeout',
  'unknown_encoding',
  'parser_crashed',
  'url_refused',
  'url_unreachable',
  'http_error',
  'blob_missing',
  'provider_error',
  'worker_lost',
  'internal_error',
] as const;
export type IngestionErrorCode = (typeof INGESTION_ERROR_CODES)[number];

/** A file inside a knowledge base. */
export interface DocumentView {
  /** The document's own id; clients name it by its file. */
  id: string;
  fileId: string;
  knowledgeBaseId: string;
  filename: string;
  status: DocumentStatus;
  error: { code: IngestionErrorCode; message: string } | null;
  /** 0 to 100 */
  progressPercent: number;
  chunkCount: number;
  usageBytes: number;
  attributes: Attributes;
  chunking: { maxChunkSizeTokens: number; chunkOverlapTokens: number } | null;
  createdAt: string;
}

export class AddDocumentRequest {
  @IsUUID()
  knowledgeBaseId!: string;

  @IsUUID()
  fileId!: string;

  @IsObject()
  attributes: Attributes = {};

  @IsOptional()
  @ValidateNested()
  @Type(() => ChunkingOptions)
  chunking?: ChunkingOptions;
}

export class DocumentRequest {
  @IsUUID()
  knowledgeBaseId!: string;

  @IsUUID()
  fileId!: string;
}

export class UpdateDocumentRequest extends DocumentRequest {
  @IsObject()
  attributes!: Attributes;
}

export class ListDocumentsRequest extends PageRequest {
  @IsUUID()
  knowledgeBaseId!: string;

  /** OpenAI's status, which knows one word for everything unfinished. */
  @IsOptional()
  @IsString()
  @Length(1, 32)
  status?: 'in_progress' | 'completed' | 'failed' | 'cancelled';
}

export interface DocumentContentReply {
  fileId: string;
  filename: string;
  attributes: Attributes;
  /** The chunks' texts in order. */
  content: string[];
}

export class EmbedTextsRequest {
  @IsArray()
  @ArrayMaxSize(2048)
  @IsString({ each: true })
  texts!: string[];

  /** Inputs as cl100k tokens, in place of `texts`, which is empty then. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(2048)
  @IsArray({ each: true })
  tokens?: number[][];

  @IsOptional()
  @IsInt()
  @Min(1)
  dimensions?: number;
}

export interface EmbedTextsReply {
  model: string;
  /** base64 of little-endian float32, one per text or token list */
  vectors: string[];
  promptTokens: number;
}

export const CreateKnowledgeBase = defineRpc<KnowledgeBaseView>()({
  name: 'memory.create-knowledge-base.v1',
  request: CreateKnowledgeBaseRequest,
});
export const GetKnowledgeBase = defineRpc<KnowledgeBaseView>()({
  name: 'memory.get-knowledge-base.v1',
  request: ByIdRequest,
});
export const ListKnowledgeBases = defineRpc<Page<KnowledgeBaseView>>()({
  name: 'memory.list-knowledge-bases.v1',
  request: PageRequest,
});
export const UpdateKnowledgeBase = defineRpc<KnowledgeBaseView>()({
  name: 'memory.update-knowledge-base.v1',
  request: UpdateKnowledgeBaseRequest,
});
export const DeleteKnowledgeBase = defineRpc<DeletedReply>()({
  name: 'memory.delete-knowledge-base.v1',
  request: ByIdRequest,
});
/** Attaches a file and starts its ingestion; the same file twice is the same document. */
export const AddDocument = defineRpc<DocumentView>()({ name: 'memory.add-document.v1', request: AddDocumentRequest });
export const GetDocument = defineRpc<DocumentView>()({ name: 'memory.get-document.v1', request: DocumentRequest });
export const ListDocuments = defineRpc<Page<DocumentView>>()({
  name: 'memory.list-documents.v1',
  request: ListDocumentsRequest,
});
export const UpdateDocument = defineRpc<DocumentView>()({
  name: 'memory.update-document.v1',
  request: UpdateDocumentRequest,
});
export const DeleteDocument = defineRpc<DeletedReply>()({
  name: 'memory.delete-document.v1',
  request: DocumentRequest,
});
export const GetDocumentContent = defineRpc<DocumentContentReply>()({
  name: 'memory.get-document-content.v1',
  request: DocumentRequest,
});
export const EmbedTexts = defineRpc<EmbedTextsReply>()({
  name: 'memory.embed-texts.v1',
  request: EmbedTextsRequest,
  timeoutMs: 60_000,
});
/** Name of the embedding model in use. */
export class GetEmbeddingModelRequest {}
export const GetEmbeddingModel = defineRpc<{ model: string }>()({
  name: 'memory.get-embedding-model.v1',
  request: GetEmbeddingModelRequest,
});
