import { Env, parseBytes, parseList } from '@parley/config';
import { ArrayNotEmpty, IsArray, IsInt, Matches, Max, Min } from 'class-validator';

/** What may be uploaded. */
export class UploadConfig {
  @Env('MAX_FILE_SIZE', {
    description: 'Largest upload, such as 10MB',
    default: 10 * 2 ** 20,
    parse: parseBytes,
    example: '10MB',
  })
  @IsInt()
  @Min(1)
  readonly maxFileBytes!: number;

  @Env('ALLOWED_FILE_TYPES', {
    description: 'File name extensions that may be uploaded',
    default: ['pdf', 'docx', 'txt', 'md', 'csv', 'html'],
    parse: (text) => parseList(text).map((extension) => extension.toLowerCase().replace(/^\./, '')),
    example: 'pdf,docx,txt,md,csv,html',
  })
  @IsArray()
  @ArrayNotEmpty()
  @Matches(/^[a-z0-9]{1,16}$/, { each: true })
  readonly allowedExtensions!: readonly string[];

  @Env('MAX_FILES_PER_REQUEST', { description: 'Files in one request to POST /api/v1/files', default: 5 })
  @IsInt()
  @Min(1)
  @Max(100)
  readonly maxFilesPerRequest!: number;
}
