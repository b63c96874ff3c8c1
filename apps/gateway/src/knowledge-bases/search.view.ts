import { ApiProperty } from '@nestjs/swagger';
import { type Attributes, type ChunkLocator, formatId, type SearchHit } from '@parley/contracts';

export class SearchResultText {
  @ApiProperty({ enum: ['text'] })
  type!: 'text';

  @ApiProperty()
  text!: string;
}

/** What OpenAI's object has no field for. */
export class SearchResultOrigin {
  @ApiProperty()
  chunk_id!: string;

  @ApiProperty({ description: 'Position of the chunk in its file' })
  ordinal!: number;

  @ApiProperty({ type: [String], nullable: true })
  headings!: string[] | null;

  @ApiProperty({ type: [Number], nullable: true, description: 'First and last page' })
  pages!: [number, number] | null;

  @ApiProperty({ type: [Number], nullable: true, description: 'First and last row' })
  rows!: [number, number] | null;
}

export class SearchResult {
  @ApiProperty()
  file_id!: string;

  @ApiProperty()
  filename!: string;

  @ApiProperty({ minimum: 0, maximum: 1 })
  score!: number;

  @ApiProperty({ type: 'object', additionalProperties: true })
  attributes!: Attributes;

  @ApiProperty({ type: [SearchResultText] })
  content!: SearchResultText[];

  @ApiProperty({ type: SearchResultOrigin })
  parley!: SearchResultOrigin;
}

export class SearchResultsPage {
  @ApiProperty({ enum: ['vector_store.search_results.page'] })
  object!: 'vector_store.search_results.page';

  @ApiProperty({ type: [String] })
  search_query!: string[];

  @ApiProperty({ type: [SearchResult] })
  data!: SearchResult[];

  @ApiProperty({ enum: [false] })
  has_more!: false;

  @ApiProperty({ type: String, nullable: true })
  next_page!: null;
}

export function searchResultsPage(queries: string[], hits: readonly SearchHit[]): SearchResultsPage {
  return {
    object: 'vector_store.search_results.page',
    search_query: queries,
    data: hits.map(searchResult),
    has_more: false,
    next_page: null,
  };
}

function searchResult(hit: SearchHit): SearchResult {
  return {
    file_id: formatId('file', hit.fileId),
    filename: hit.filename,
    score: hit.score,
    attributes: hit.attributes,
    content: [{ type: 'text', text: hit.text }],
    parley: { chunk_id: formatId('chunk', hit.chunkId), ordinal: hit.ordinal, ...place(hit.locator) },
  };
}

function place(locator: ChunkLocator): Pick<SearchResultOrigin, 'headings' | 'pages' | 'rows'> {
  return {
    headings: locator.headings ?? null,
    pages: span(locator.pageStart, locator.pageEnd),
    rows: span(locator.rowStart, locator.rowEnd),
  };
}

function span(start: number | undefined, end: number | undefined): [number, number] | null {
  return start === undefined ? null : [start, end ?? start];
}
