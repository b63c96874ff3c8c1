import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type FileCitation, formatId } from '@parley/contracts';
import { PlaceInFile, placeInFile } from '../wire/place-in-file.js';

/** Ties a span of an answer to the chunk it came from. */
export class FileCitationObject extends PlaceInFile {
  @ApiProperty({ enum: ['file_citation'] })
  type!: 'file_citation';

  @ApiProperty({ example: 'file-01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  file_id!: string;

  @ApiProperty()
  filename!: string;

  @ApiPropertyOptional({ description: 'Of a file that was fetched from an address' })
  url?: string;

  @ApiProperty({ description: 'Character offset of the citation in the answer' })
  index!: number;

  @ApiProperty({ example: 'chunk_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  chunk_id!: string;

  @ApiProperty({ description: 'Stands literally in the chunk' })
  quote!: string;

  @ApiProperty({ minimum: 0, maximum: 1 })
  score!: number;
}

export function fileCitationObject(citation: FileCitation): FileCitationObject {
  return {
    type: 'file_citation',
    file_id: formatId('file', citation.fileId),
    filename: citation.filename,
    ...(citation.url === undefined ? {} : { url: citation.url }),
    index: citation.index,
    chunk_id: formatId('chunk', citation.chunkId),
    quote: citation.quote,
    score: citation.score,
    ...placeInFile(citation.locator ?? {}),
  };
}
