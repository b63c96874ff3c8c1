import { ApiProperty } from '@nestjs/swagger';
import { type OrphanCounts } from '@parley/contracts';

export class OrphansObject {
  @ApiProperty({ enum: ['storage.orphans'] })
  object!: 'storage.orphans';

  @ApiProperty({ description: 'Chunks of no document, or of a version that is neither searched nor being written' })
  chunks!: number;

  @ApiProperty({ description: 'Vectors of the same kind, over all embedding models' })
  vectors!: number;

  @ApiProperty({ description: 'Stored originals that no file names and that are older than an hour' })
  blobs!: number;

  @ApiProperty({ description: 'Knowledge bases whose term statistics are not those of their chunks' })
  statistics!: number;
}

export function orphansObject({ chunks, vectors, blobs, statistics }: OrphanCounts): OrphansObject {
  return { object: 'storage.orphans', chunks, vectors, blobs, statistics };
}
