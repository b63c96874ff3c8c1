import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type Attributes,
  type BatchFile,
  type CreateFileBatchRequest,
  DomainError,
  MAX_BATCH_FILES,
} from '@parley/contracts';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { parseIds } from '../wire/id-list.js';
import { IsAttributes } from '../wire/metadata.validation.js';
import { ChunkingStrategy, chunkingOptions } from './chunking-strategy.js';

class FileWishes {
  @IsOptional()
  @IsAttributes()
  attributes?: Attributes | null;

  @ApiPropertyOptional({ type: ChunkingStrategy, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ChunkingStrategy)
  chunking_strategy?: ChunkingStrategy | null;
}

export class FileOfBatch extends FileWishes {
  @ApiProperty({ example: 'file-01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  @IsString()
  file_id!: string;
}

/** `file_ids`, to all of which attributes and chunking strategy apply, or `files`, each with its own. */
export class CreateFileBatchBody extends FileWishes {
  @ApiPropertyOptional({ type: [String], minItems: 1, maxItems: MAX_BATCH_FILES })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_BATCH_FILES)
  @IsString({ each: true })
  file_ids?: string[] | null;

  @ApiPropertyOptional({ type: [FileOfBatch], minItems: 1, maxItems: MAX_BATCH_FILES })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_BATCH_FILES)
  @ValidateNested({ each: true })
  @Type(() => FileOfBatch)
  files?: FileOfBatch[] | null;
}

/** @throws DomainError `invalid_request` for neither list or both, `not_found` for an id that is none */
export function batchFiles(body: CreateFileBatchBody): CreateFileBatchRequest['files'] {
  if (!body.file_ids === !body.files) {
    throw new DomainError('invalid_request', 'Give either file_ids or files.', { param: 'file_ids' });
  }
  const named = body.files ?? body.file_ids!.map((file_id) => ({ ...wishesOf(body), file_id }));
  const param = body.files ? 'files' : 'file_ids';
  const ids = parseIds(
    'file',
    named.map(({ file_id }) => file_id),
    'file',
    param,
  );
  return named.map((file, index): BatchFile => ({
    fileId: ids[index]!,
    attributes: file.attributes ?? {},
    ...chunkingOptions(file.chunking_strategy),
  }));
}

function wishesOf({ attributes, chunking_strategy }: FileWishes): FileWishes {
  return { ...(attributes ? { attributes } : {}), ...(chunking_strategy ? { chunking_strategy } : {}) };
}
