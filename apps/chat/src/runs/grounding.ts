import { BUILTIN_PROVIDER, type RetrievalConfig } from '@parley/config';
import { type SearchRequest, type StartRunRequest } from '@parley/contracts';
import { storableText } from '@parley/persistence';
import { type AssistantEntity } from '../assistants/assistant.entity.js';
import { type RunPlan } from './run-plan.js';

const MAX_QUERY_LENGTH = 8_192;

export interface GroundingContext {
  assistant: AssistantEntity | null;
  /** What the user said last. */
  question: string;
  /** Who is asked first. */
  provider: string;
  defaults: RetrievalConfig;
}

/** What the answer is grounded in: a search before the model is asked, or tools that it may call, or nothing. */
export function groundingOf(request: StartRunRequest, context: GroundingContext): Pick<RunPlan, 'search' | 'tools'> {
  const { assistant, question, provider } = context;
  const { tools: functions = [], toolChoice } = request.generation;
  const taken = new Set(functions.map((tool) => (tool.function as { name?: string } | undefined)?.name));
  const mayCall = toolChoice !== 'none' && provider !== BUILTIN_PROVIDER;
  const http = mayCall ? (assistant?.tools ?? []).filter(({ name }) => !taken.has(name)) : [];
  const scope = searchScope(request, context);
  const mode = request.retrieval?.mode ?? (request.retrieval ? 'always' : assistant?.retrievalMode);
  if (scope && mode === 'auto' && mayCall) return { search: null, tools: { fileSearch: scope, http } };
  const query = storableText(question.trim().slice(0, MAX_QUERY_LENGTH));
  const search = scope && query !== '' ? { ...scope, queries: [query] } : null;
  return { search, tools: { fileSearch: null, http } };
}

/** Where and how is searched: in the request's knowledge bases or else the assistant's. */
function searchScope(
  { retrieval }: StartRunRequest,
  { assistant, defaults }: GroundingContext,
): Omit<SearchRequest, 'queries'> | null {
  const knowledgeBaseIds = retrieval?.knowledgeBaseIds ?? assistant?.knowledgeBaseIds ?? [];
  if (knowledgeBaseIds.length === 0) return null;
  return {
    knowledgeBaseIds,
    maxResults: retrieval?.maxResults ?? defaults.maxResults,
    scoreThreshold: retrieval?.scoreThreshold ?? defaults.similarityThreshold,
    ...(retrieval?.filter && { filter: retrieval.filter }),
    ...(defaults.neighbors > 0 && { neighbors: defaults.neighbors }),
  };
}
