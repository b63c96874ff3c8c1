import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type ChunkLocator } from '@parley/contracts';

/** What a person needs to find a chunk in its file. */
export class PlaceInFile {
  @ApiProperty({ type: [String], nullable: true })
  headings!: string[] | null;

  @ApiProperty({ type: [Number], nullable: true, description: 'First and last page' })
  pages!: [number, number] | null;

  @ApiPropertyOptional({ type: [String], description: 'The same as printed, where that is not their position' })
  page_labels?: [string, string];

  @ApiProperty({ type: [Number], nullable: true, description: 'First and last row' })
  rows!: [number, number] | null;
}

export function placeInFile(locator: ChunkLocator): PlaceInFile {
  return {
    headings: locator.headings ?? null,
    pages: span(locator.pageStart, locator.pageEnd),
    ...(locator.pageLabels ? { page_labels: locator.pageLabels } : {}),
    rows: span(locator.rowStart, locator.rowEnd),
  };
}

function span(start: number | undefined, end: number | undefined): [number, number] | null {
  return start === undefined ? null : [start, end ?? start];
}
