import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type Attributes,
  type ChunkLocator,
  formatId,
  type SearchDuplicate,
  type SearchHit,
  type SearchNeighbor,
  type SearchReply,
} from '@parley/contracts';
import {
  HitExplanationView,
  hitExplanation,
  searchExplanation,
  SearchExplanationView,
} from './search-explanation.view.js';
import { PlaceInFile, placeInFile } from '../wire/place-in-file.js';

export class SearchResultText {
  @ApiProperty({ enum: ['text'] })
  type!: 'text';

  @ApiProperty()
  text!: string;
}

/** Where in its file a chunk stands. */
export class ChunkPlace extends PlaceInFile {
  @ApiProperty()
  chunk_id!: string;

  @ApiProperty({ description: 'Position of the chunk in its file' })
  ordinal!: number;
}

export class SearchResultNeighbor extends ChunkPlace {
  @ApiProperty()
  text!: string;
}

export class SearchResultDuplicate {
  @ApiProperty()
  chunk_id!: string;

  @ApiProperty()
  file_id!: string;

  @ApiProperty()
  filename!: string;

  @ApiProperty()
  ordinal!: number;
}

/** What OpenAI's object has no field for. */
export class SearchResultExtras extends ChunkPlace {
  @ApiPropertyOptional({ description: 'Of a file that was fetched from an address' })
  url?: string;

  @ApiPropertyOptional({
    type: [SearchResultNeighbor],
    description: 'The chunks before and after, in the order of the file, when `neighbors` asks for them',
  })
  neighbors?: SearchResultNeighbor[];

  @ApiPropertyOptional({
    type: [SearchResultDuplicate],
    description: 'Chunks that were left out because they say the same, best first',
  })
  duplicates?: SearchResultDuplicate[];

  @ApiPropertyOptional({ type: HitExplanationView })
  explain?: HitExplanationView;
}

export class SearchPageExtras {
  @ApiProperty({ type: SearchExplanationView })
  explain!: SearchExplanationView;
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

  @ApiProperty({ type: SearchResultExtras })
  parley!: SearchResultExtras;
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

  @ApiPropertyOptional({ type: SearchPageExtras, description: 'When `explain` asks for it' })
  parley?: SearchPageExtras;
}

export function searchResultsPage(queries: string[], { hits, explain }: SearchReply): SearchResultsPage {
  return {
    object: 'vector_store.search_results.page',
    search_query: queries,
    data: hits.map(searchResult),
    has_more: false,
    next_page: null,
    ...(explain && { parley: { explain: searchExplanation(explain) } }),
  };
}

function searchResult(hit: SearchHit): SearchResult {
  return {
    file_id: formatId('file', hit.fileId),
    filename: hit.filename,
    score: hit.score,
    attributes: hit.attributes,
    content: [{ type: 'text', text: hit.text }],
    parley: {
      ...place(hit),
      ...(hit.url === undefined ? {} : { url: hit.url }),
      ...(hit.neighbors && { neighbors: hit.neighbors.map(neighbor) }),
      ...(hit.duplicates && { duplicates: hit.duplicates.map(duplicate) }),
      ...(hit.explain && { explain: hitExplanation(hit.explain) }),
    },
  };
}

function duplicate({ chunkId, fileId, filename, ordinal }: SearchDuplicate): SearchResultDuplicate {
  return { chunk_id: formatId('chunk', chunkId), file_id: formatId('file', fileId), filename, ordinal };
}

function neighbor(chunk: SearchNeighbor): SearchResultNeighbor {
  return { ...place(chunk), text: chunk.text };
}

function place({ chunkId, ordinal, locator }: { chunkId: string; ordinal: number; locator: ChunkLocator }): ChunkPlace {
  return { chunk_id: formatId('chunk', chunkId), ordinal, ...placeInFile(locator) };
}
