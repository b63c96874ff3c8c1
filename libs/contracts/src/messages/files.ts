import { IsIn, IsInt, IsOptional, IsString, IsUUID, Length, Matches, Max, Min } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { ByIdRequest, type DeletedReply } from './by-id.js';

export const FILE_PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'] as const;
export type FilePurpose = (typeof FILE_PURPOSES)[number];

/** As OpenAI's: an hour to 30 days. */
export const FILE_EXPIRY_SECONDS = { min: 3_600, max: 2_592_000 } as const;

export interface FileView {
  id: string;
  filename: string;
  contentType: string;
  bytes: number;
  sha256: string;
  purpose: FilePurpose;
  blobKey: string;
  /** ISO 8601 */
  createdAt: string;
  /** Absent when it stays until it is deleted. */
  expiresAt?: string;
}

/** The original is stored already: this makes it known. */
export class RegisterFileRequest {
  @IsUUID()
  id!: string;

  @IsString()
  @Length(1, 255)
  filename!: string;

  @IsString()
  @Length(1, 255)
  contentType!: string;

  @IsInt()
  @Min(0)
  bytes!: number;

  @Matches(/^[0-9a-f]{64}$/)
  sha256!: string;

  @IsIn(FILE_PURPOSES)
  purpose!: FilePurpose;

  @IsString()
  @Length(1, 512)
  blobKey!: string;

  /** From its creation; it is deleted within a minute or so afterwards. */
  @IsOptional()
  @IsInt()
  @Min(FILE_EXPIRY_SECONDS.min)
  @Max(FILE_EXPIRY_SECONDS.max)
  expiresAfterSeconds?: number;
}

export class ListFilesRequest extends PageRequest {
  @IsOptional()
  @IsIn(FILE_PURPOSES)
  purpose?: FilePurpose;
}

export const RegisterFile = defineRpc<FileView>()({ name: 'memory.register-file.v1', request: RegisterFileRequest });
export const GetFile = defineRpc<FileView>()({ name: 'memory.get-file.v1', request: ByIdRequest });
export const ListFiles = defineRpc<Page<FileView>>()({ name: 'memory.list-files.v1', request: ListFilesRequest });
/** Removes the file, its documents in every knowledge base and, a moment later, the original. */
export const DeleteFile = defineRpc<DeletedReply>()({ name: 'memory.delete-file.v1', request: ByIdRequest });
