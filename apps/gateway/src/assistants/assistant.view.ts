import { ApiProperty } from '@nestjs/swagger';
import {
  type AssistantView,
  formatId,
  type HttpToolDeclaration,
  type Metadata,
  RETRIEVAL_MODES,
  type RetrievalMode,
} from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';

export class AssistantObject {
  @ApiProperty({ example: 'asst_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['assistant'] })
  object!: 'assistant';

  @ApiProperty()
  name!: string;

  @ApiProperty({ type: String, nullable: true })
  instructions!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Null means the configured one' })
  model!: string | null;

  @ApiProperty({ type: [String] })
  vector_store_ids!: string[];

  @ApiProperty({ enum: RETRIEVAL_MODES })
  retrieval_mode!: RetrievalMode;

  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Of headers only the names are shown',
  })
  tools!: HttpToolDeclaration[];

  @ApiProperty({ type: Number, nullable: true })
  temperature!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  max_output_tokens!: number | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  metadata!: Metadata;

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;
}

export function assistantObject(view: AssistantView): AssistantObject {
  return {
    id: formatId('assistant', view.id),
    object: 'assistant',
    name: view.name,
    instructions: view.instructions,
    model: view.model,
    vector_store_ids: view.knowledgeBaseIds.map((id) => formatId('knowledgeBase', id)),
    retrieval_mode: view.retrievalMode,
    tools: view.tools,
    temperature: view.temperature,
    max_output_tokens: view.maxOutputTokens,
    metadata: view.metadata,
    created_at: unixSeconds(view.createdAt),
  };
}
