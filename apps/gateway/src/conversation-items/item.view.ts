import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Attributes, type FileCitation, type MessageView, type RunStatus, type ToolCall } from '@parley/contracts';
import { FileCitationObject, fileCitationObject } from '../runs/annotation.view.js';
import { callItemId, messageItemId } from './item-id.js';

export type ItemStatus = 'in_progress' | 'searching' | 'completed' | 'incomplete' | 'failed';

export class TextContent {
  @ApiProperty({ enum: ['input_text', 'output_text'] })
  type!: 'input_text' | 'output_text';

  @ApiProperty()
  text!: string;

  @ApiPropertyOptional({ type: [FileCitationObject] })
  annotations?: FileCitationObject[];

  @ApiPropertyOptional({ type: 'array', items: { type: 'object' } })
  logprobs?: never[];
}

export class SearchResult {
  @ApiProperty()
  file_id!: string;

  @ApiProperty()
  filename!: string;

  @ApiProperty()
  score!: number;

  @ApiProperty()
  text!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  attributes!: Attributes;
}

export class ToolError {
  @ApiProperty({ enum: ['mcp_tool_execution_error'] })
  type!: 'mcp_tool_execution_error';

  @ApiProperty({
    type: 'array',
    items: { type: 'object', properties: { type: { type: 'string' }, text: { type: 'string' } } },
  })
  content!: { type: 'text'; text: string }[];
}

/**
 * An item of OpenAI's conversations and responses: a message, a call of a function, its output, a search in files, or
 * another tool of the server, which OpenAI's clients know as one of an MCP server.
 */
export class ItemObject {
  @ApiProperty()
  id!: string;

  @ApiProperty({ enum: ['message', 'function_call', 'function_call_output', 'file_search_call', 'mcp_call'] })
  type!: 'message' | 'function_call' | 'function_call_output' | 'file_search_call' | 'mcp_call';

  @ApiProperty({ enum: ['in_progress', 'searching', 'completed', 'incomplete', 'failed'] })
  status!: ItemStatus;

  @ApiPropertyOptional()
  role?: MessageView['role'];

  @ApiPropertyOptional({ type: [TextContent] })
  content?: TextContent[];

  @ApiPropertyOptional()
  call_id?: string;

  @ApiPropertyOptional()
  name?: string;

  @ApiPropertyOptional({ description: 'JSON as the model wrote it' })
  arguments?: string;

  @ApiPropertyOptional({ type: String, nullable: true })
  output?: string | null;

  @ApiPropertyOptional({ description: 'Who runs the tool' })
  server_label?: string;

  @ApiPropertyOptional({ type: ToolError, nullable: true, description: 'What the model was told instead of a result' })
  error?: ToolError | null;

  @ApiPropertyOptional({ type: [String], description: 'What was searched for' })
  queries?: string[];

  @ApiPropertyOptional({ type: [SearchResult], nullable: true, description: 'What was found, when it was asked for' })
  results?: SearchResult[] | null;
}

/** OpenAI's clients want to know which server runs a tool: it is this one. */
const TOOL_SERVER = 'parley';

/** A message of ours is one item or several: its text, and each call of a function. */
export function itemsOf(view: MessageView): ItemObject[] {
  const { id, role, content, annotations, toolCalls, toolCallId } = view;
  const status = itemStatus(view.status);
  if (role === 'tool') {
    const call_id = toolCallId ?? '';
    return [{ id: messageItemId(view), type: 'function_call_output', status, call_id, output: content }];
  }
  const calls = toolCalls.map((call, index) => callItem(callItemId(id, index), call, status));
  if (content === '' && calls.length > 0) return calls;
  const itemId = messageItemId(view);
  if (role === 'assistant') return [outputMessage(itemId, content, annotations, status), ...calls];
  return [{ id: itemId, type: 'message', status, role, content: [{ type: 'input_text', text: content }] }, ...calls];
}

export function outputMessage(
  id: string,
  text: string,
  annotations: readonly FileCitation[],
  status: ItemStatus,
): ItemObject {
  return { id, type: 'message', status, role: 'assistant', content: [outputText(text, annotations)] };
}

export function outputText(text: string, annotations: readonly FileCitation[]): TextContent {
  return { type: 'output_text', text, annotations: annotations.map(fileCitationObject), logprobs: [] };
}

export function callItem(id: string, { id: call_id, function: called }: ToolCall, status: ItemStatus): ItemObject {
  return { id, type: 'function_call', status, call_id, name: called.name, arguments: called.arguments };
}

/** @param results null: not asked for, or not kept */
export function searchItem(
  id: string,
  queries: string[],
  status: ItemStatus,
  results: SearchResult[] | null,
): ItemObject {
  return { id, type: 'file_search_call', status, queries, results };
}

/** A tool that an assistant declares. What it answered is the model's alone. */
export function mcpItem(
  id: string,
  { name, arguments: args, error }: { name: string; arguments: string; error: string | null },
  status: ItemStatus,
): ItemObject {
  const fault =
    error === null
      ? null
      : { type: 'mcp_tool_execution_error' as const, content: [{ type: 'text' as const, text: error }] };
  const called = { name, arguments: args, server_label: TOOL_SERVER, output: null, error: fault };
  return { id, type: 'mcp_call', status, ...called };
}

export function itemStatus(status: RunStatus): ItemStatus {
  if (status === 'completed') return 'completed';
  return status === 'queued' || status === 'in_progress' ? 'in_progress' : 'incomplete';
}
