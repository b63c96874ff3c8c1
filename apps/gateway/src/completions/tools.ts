import { DomainError, type GenerationOptions, type RetrievalOptions } from '@parley/contracts';
import { type CompletionBody } from './completion.request.js';
import { retrievalOptions } from './file-search-tool.js';
import { unsupported } from './supported.js';

const CHOICES = ['none', 'auto', 'required'];

export interface RunTools {
  retrieval?: RetrievalOptions;
  generation: Pick<GenerationOptions, 'tools' | 'toolChoice' | 'parallelToolCalls'>;
}

/**
 * Functions go to the model, `file_search` becomes retrieval. `tool_choice: none` switches both off.
 * @throws DomainError `invalid_request` or `unsupported_parameter` naming the tool
 */
export function runTools({
  tools,
  tool_choice,
  parallel_tool_calls,
}: Pick<CompletionBody, 'tools' | 'tool_choice' | 'parallel_tool_calls'>): RunTools {
  const choice = checkedChoice(tool_choice);
  const functions: Record<string, unknown>[] = [];
  let retrieval: RetrievalOptions | undefined;
  for (const [index, tool] of (tools ?? []).entries()) {
    const param = `tools.${index}`;
    if (tool.type === 'function') functions.push(checkedFunction(tool, param));
    else if (tool.type !== 'file_search') throw unsupported(`${param}.type`);
    else if (retrieval)
      throw invalid(param, 'Only one file_search tool is possible; it may name several vector stores.');
    else retrieval = chosen(retrievalOptions(tool, param), choice);
  }
  return {
    ...(retrieval && choice !== 'none' ? { retrieval } : {}),
    generation: {
      ...(functions.length === 0 ? {} : { tools: functions, ...functionChoice(choice) }),
      ...(typeof parallel_tool_calls === 'boolean' ? { parallelToolCalls: parallel_tool_calls } : {}),
    },
  };
}

/** A choice that forces the search needs no word to the model: it is made before. */
function chosen(retrieval: RetrievalOptions, choice: string | Record<string, unknown> | undefined): RetrievalOptions {
  return typeof choice === 'object' && choice.type === 'file_search' ? { ...retrieval, mode: 'always' } : retrieval;
}

function checkedFunction(tool: Record<string, unknown>, param: string): Record<string, unknown> {
  const declared = tool.function;
  const isNamed =
    typeof declared === 'object' && declared !== null && 'name' in declared && typeof declared.name === 'string';
  if (!isNamed) throw invalid(`${param}.function`, `${param}.function must be an object with a name.`);
  return tool;
}

function checkedChoice(choice: CompletionBody['tool_choice']): string | Record<string, unknown> | undefined {
  if (choice === undefined || choice === null) return undefined;
  if (typeof choice === 'string' ? CHOICES.includes(choice) : typeof choice.type === 'string') return choice;
  throw invalid('tool_choice', `tool_choice must be ${CHOICES.join(', ')}, or an object that names a tool.`);
}

/** Retrieval always happens, so that choosing it needs no word to the model. */
function functionChoice(choice: string | Record<string, unknown> | undefined): Pick<GenerationOptions, 'toolChoice'> {
  if (choice === undefined) return {};
  const isFileSearch = typeof choice === 'object' && choice.type === 'file_search';
  return isFileSearch ? {} : { toolChoice: choice };
}

function invalid(param: string, message: string): DomainError {
  return new DomainError('invalid_request', message, { param });
}
