import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type CreateAssistantRequest,
  HttpToolDeclaration,
  MAX_TOOLS,
  type Metadata,
  RETRIEVAL_MODES,
  type RetrievalMode,
  type UpdateAssistantRequest,
} from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { parseIds } from '../wire/id-list.js';
import { IsMetadata } from '../wire/metadata.validation.js';

class AssistantFieldsBody {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 32_768 })
  @IsOptional()
  @IsString()
  @MaxLength(32_768)
  instructions?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: "A provider's model; null and `default` mean the configured one",
  })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  model?: string | null;

  @ApiPropertyOptional({ type: [String], nullable: true, maxItems: 10, description: 'Ground the answers' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  vector_store_ids?: string[] | null;

  @ApiPropertyOptional({
    enum: RETRIEVAL_MODES,
    description: '`always`: the documents are searched for every question; `auto`: when the model calls for it',
  })
  @ValidateIf(({ retrieval_mode }: AssistantFieldsBody) => retrieval_mode !== undefined)
  @IsIn(RETRIEVAL_MODES)
  retrieval_mode?: RetrievalMode;

  @ApiPropertyOptional({
    type: 'array',
    nullable: true,
    maxItems: MAX_TOOLS,
    items: { type: 'object', additionalProperties: true },
    description:
      'Web services that the model may ask: {type: http, name, description, parameters, url, headers}, of hosts that the installation allows. Values of headers are never shown; an empty one keeps its value',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_TOOLS)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => HttpToolDeclaration)
  tools?: HttpToolDeclaration[] | null;

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 0, maximum: 2 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(2)
  temperature?: number | null;

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 1, maximum: 1_000_000 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  max_output_tokens?: number | null;

  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;
}

export class CreateAssistantBody extends AssistantFieldsBody {
  @ApiProperty({ minLength: 1, maxLength: 256 })
  @IsString()
  @Length(1, 256)
  name!: string;
}

/** What is absent stays as it is; null clears. */
export class UpdateAssistantBody extends AssistantFieldsBody {
  @ApiPropertyOptional({ minLength: 1, maxLength: 256 })
  @ValidateIf(({ name }: UpdateAssistantBody) => name !== undefined)
  @IsString()
  @Length(1, 256)
  name?: string;
}

export function createAssistantRequest(id: string, body: CreateAssistantBody): CreateAssistantRequest {
  return { id, name: body.name, ...fields(body) };
}

export function updateAssistantRequest(id: string, body: UpdateAssistantBody): UpdateAssistantRequest {
  return { id, ...(body.name === undefined ? {} : { name: body.name }), ...fields(body) };
}

function fields(body: AssistantFieldsBody): Omit<UpdateAssistantRequest, 'id' | 'name'> {
  const { retrieval_mode, tools } = body;
  const { instructions, model, vector_store_ids, temperature, max_output_tokens: maxOutputTokens, metadata } = body;
  return {
    ...(instructions === undefined ? {} : { instructions }),
    ...(model === undefined ? {} : { model: model === 'default' ? null : model }),
    ...(vector_store_ids === undefined ? {} : { knowledgeBaseIds: knowledgeBaseIds(vector_store_ids) }),
    ...(retrieval_mode === undefined ? {} : { retrievalMode: retrieval_mode }),
    ...(tools === undefined ? {} : { tools: tools ?? [] }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(metadata === undefined ? {} : { metadata: metadata ?? {} }),
  };
}

function knowledgeBaseIds(ids: string[] | null): string[] {
  return parseIds('knowledgeBase', ids ?? [], 'vector store', 'vector_store_ids');
}
