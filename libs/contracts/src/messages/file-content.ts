import { IsInt, IsString, IsUUID, Length, Matches, Min } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type FileView } from './files.js';

/** The new original is stored already, under a key of its own: this makes it the file's content. */
export class ReplaceFileContentRequest {
  @IsUUID()
  fileId!: string;

  @IsString()
  @Length(1, 512)
  blobKey!: string;

  @IsInt()
  @Min(0)
  bytes!: number;

  @Matches(/^[0-9a-f]{64}$/)
  sha256!: string;

  @IsString()
  @Length(1, 255)
  contentType!: string;
}

export interface ReplaceFileContentReply {
  file: FileView;
  /** False when the content is the same as before: nothing is indexed again, and the new original is deleted. */
  changed: boolean;
}

/**
 * Gives a file new content. Every document of it gets a new version, and searches find the old one until that is ready;
 * the old original goes a moment later. Asking again with the same blob key changes nothing.
 */
export const ReplaceFileContent = defineRpc<ReplaceFileContentReply>()({
  name: 'memory.replace-file-content.v1',
  request: ReplaceFileContentRequest,
});
