import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, IsOptional, IsUUID, ValidateNested } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page } from '../page.js';
import {
  type Attributes,
  ChunkingOptions,
  type DocumentCounts,
  type DocumentView,
  ListDocumentsRequest,
} from './knowledge-bases.js';

export const MAX_BATCH_FILES = 2_000;

export class BatchFile {
  @IsUUID()
  fileId!: string;

  @IsObject()
  attributes: Attributes = {};

  @IsOptional()
  @ValidateNested()
  @Type(() => ChunkingOptions)
  chunking?: ChunkingOptions;
}

export class CreateFileBatchRequest {
  /** Asking again with the same id changes nothing. */
  @IsUUID()
  id!: string;

  @IsUUID()
  knowledgeBaseId!: string;

  /** A file that is named twice counts once, as it is named first. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_BATCH_FILES)
  @ValidateNested({ each: true })
  @Type(() => BatchFile)
  files!: BatchFile[];
}

export class FileBatchRequest {
  @IsUUID()
  knowledgeBaseId!: string;

  @IsUUID()
  batchId!: string;
}

export class ListFileBatchFilesRequest extends ListDocumentsRequest {
  @IsUUID()
  batchId!: string;
}

export interface FileBatchView {
  id: string;
  knowledgeBaseId: string;
  /** Failed: every one of its files; what has been detached since does not count. */
  status: 'in_progress' | 'completed' | 'cancelled' | 'failed';
  counts: DocumentCounts;
  createdAt: string;
}

/** Adds all the files or none. */
export const CreateFileBatch = defineRpc<FileBatchView>()({
  name: 'memory.create-file-batch.v1',
  request: CreateFileBatchRequest,
  timeoutMs: 30_000,
});
export const GetFileBatch = defineRpc<FileBatchView>()({ name: 'memory.get-file-batch.v1', request: FileBatchRequest });
/** Stops what has not completed; the rest stays. */
export const CancelFileBatch = defineRpc<FileBatchView>()({
  name: 'memory.cancel-file-batch.v1',
  request: FileBatchRequest,
  timeoutMs: 30_000,
});
export const ListFileBatchFiles = defineRpc<Page<DocumentView>>()({
  name: 'memory.list-file-batch-files.v1',
  request: ListFileBatchFilesRequest,
});
