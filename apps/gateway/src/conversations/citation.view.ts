import { ApiProperty } from '@nestjs/swagger';
import {
  type CheckedCitation,
  CITATION_STATES,
  type CitationState,
  formatId,
  type QuotePlace,
} from '@parley/contracts';
import { FileCitationObject, fileCitationObject } from '../runs/annotation.view.js';
import { PlaceInFile, placeInFile } from '../wire/place-in-file.js';

/** Where the quote stands now. */
export class CitationPlace extends PlaceInFile {
  @ApiProperty()
  vector_store_id!: string;

  @ApiProperty()
  chunk_id!: string;

  @ApiProperty({ description: 'Position of the chunk in its file' })
  ordinal!: number;
}

export class CheckedCitationObject extends FileCitationObject {
  @ApiProperty({
    enum: CITATION_STATES,
    description:
      'verified: the chunk is in the file and holds the quote. changed: the file is another by now. deleted: the file is gone.',
  })
  state!: CitationState;

  @ApiProperty({
    type: CitationPlace,
    nullable: true,
    description: 'The cited chunk, or where a new version of the file says the same; null when it says so no more',
  })
  place!: CitationPlace | null;
}

export class CitationList {
  @ApiProperty({ enum: ['list'] })
  object!: 'list';

  @ApiProperty({ type: [CheckedCitationObject], description: 'In the order of the answer' })
  data!: CheckedCitationObject[];
}

export function citationList(citations: readonly CheckedCitation[]): CitationList {
  return { object: 'list', data: citations.map(checkedCitation) };
}

function checkedCitation({ citation, state, place }: CheckedCitation): CheckedCitationObject {
  return { ...fileCitationObject(citation), state, place: place && citationPlace(place) };
}

function citationPlace({ knowledgeBaseId, chunkId, ordinal, locator }: QuotePlace): CitationPlace {
  return {
    vector_store_id: formatId('knowledgeBase', knowledgeBaseId),
    chunk_id: formatId('chunk', chunkId),
    ordinal,
    ...placeInFile(locator),
  };
}
