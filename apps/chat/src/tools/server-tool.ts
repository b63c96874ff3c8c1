import { type SearchHit } from '@parley/contracts';
import { type ChatTool } from '@parley/llm';

export interface ToolResult {
  /** What the model is told. */
  text: string;
  /** What a search found, best first. */
  found?: readonly SearchHit[];
}

/** A tool that Parley runs itself when the model asks for it, as opposed to a function that the client runs. */
export interface ServerTool {
  kind: 'file_search' | 'http';
  definition: ChatTool;
  /**
   * @param args JSON as the model wrote it: possibly invalid
   * @throws DomainError whose message the model is told instead
   */
  run(args: string, signal: AbortSignal): Promise<ToolResult>;
}

/** Arguments as an object; whatever else a model may write is refused in words that let it do better. */
export function parseArguments(args: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(args === '' ? '{}' : args);
  } catch {
    throw new ToolFault('The arguments are not valid JSON.');
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw new ToolFault('The arguments must be a JSON object.');
}

/** What went wrong, in words for the model. */
export class ToolFault extends Error {
  override readonly name = 'ToolFault';
}
