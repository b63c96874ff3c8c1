import { ApiProperty } from '@nestjs/swagger';
import { FILE_PURPOSES, type FilePurpose, type FileView, formatId } from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';

/** OpenAI's file object. */
export class FileObject {
  @ApiProperty({ example: 'file-01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['file'] })
  object!: 'file';

  @ApiProperty()
  bytes!: number;

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;

  @ApiProperty()
  filename!: string;

  @ApiProperty({ enum: FILE_PURPOSES })
  purpose!: FilePurpose;

  @ApiProperty({ enum: ['processed'], description: 'A file is stored whole or not at all' })
  status!: 'processed';

  @ApiProperty({ type: String, nullable: true })
  status_details!: null;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix time in seconds; it is deleted soon afterwards' })
  expires_at!: number | null;
}

/** What OpenAI's object has no field for. */
export class ContentChange {
  @ApiProperty({ description: 'False when the content was the same already, so that nothing is indexed again' })
  changed!: boolean;
}

export class ReplacedFileObject extends FileObject {
  @ApiProperty({ type: ContentChange })
  parley!: ContentChange;
}

export function fileObject(view: FileView): FileObject {
  return {
    id: formatId('file', view.id),
    object: 'file',
    bytes: view.bytes,
    created_at: unixSeconds(view.createdAt),
    filename: view.filename,
    purpose: view.purpose,
    status: 'processed',
    status_details: null,
    expires_at: view.expiresAt === undefined ? null : unixSeconds(view.expiresAt),
  };
}
