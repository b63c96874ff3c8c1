import { type FoundPassage, type SearchHit, type SearchRequest, type ServerToolEvent } from '@parley/contracts';
import { FILE_SEARCH } from './file-search.tool.js';

/** Of all passages of one search: they go with the events of the run, and are kept with its answer. */
const MAX_CHARACTERS = 32_768;
/** The search before the model is asked has no call of its own. */
const BEFORE_THE_MODEL = 'search';

/** What a search found, best first, as far as it fits; the last one may be cut. */
export function toldResults(found: readonly SearchHit[]): FoundPassage[] {
  let left = MAX_CHARACTERS;
  return found.flatMap(({ fileId, filename, score, text: whole, attributes }) => {
    const text = whole.slice(0, left);
    left -= text.length;
    return text === '' ? [] : [{ fileId, filename, score, text, attributes }];
  });
}

/** The search before the model is asked, told like one that the model has called for. */
export function searchSteps({ queries }: SearchRequest, found: readonly SearchHit[]): ServerToolEvent[] {
  const step = { type: 'server_tool', callId: BEFORE_THE_MODEL, tool: 'file_search', name: FILE_SEARCH } as const;
  return [
    { ...step, state: 'started', arguments: JSON.stringify({ query: queries.join('\n') }) },
    { ...step, state: 'completed', results: toldResults(found) },
  ];
}
