import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type FileCitation, type MessageView, type RunStatus, type ToolCall } from '@parley/contracts';
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

/** An item of OpenAI's conversations and responses: a message, a call of a function, its output, or a search in files. */
export class ItemObject {
  @ApiProperty()
  id!: string;

  @ApiProperty({ enum: ['message', 'function_call', 'function_call_output', 'file_search_call'] })
  type!: 'message' | 'function_call' | 'function_call_output' | 'file_search_call';

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

  @ApiPropertyOptional()
  output?: string;

  @ApiPropertyOptional({ type: [String], description: 'What was searched for' })
  queries?: string[];

  @ApiPropertyOptional({ type: 'array', items: { type: 'object' }, nullable: true })
  results?: null;
}

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

/** What was found stands in the citations of the answer. */
export function searchItem(id: string, queries: string[], status: ItemStatus): ItemObject {
  return { id, type: 'file_search_call', status, queries, results: null };
}

export function itemStatus(status: RunStatus): ItemStatus {
  if (status === 'completed') return 'completed';
  return status === 'queued' || status === 'in_progress' ? 'in_progress' : 'incomplete';
}
