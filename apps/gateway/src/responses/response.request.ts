import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Metadata } from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsBoolean,
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
  ValidateNested,
} from 'class-validator';
import { IsMetadata } from '../wire/metadata.validation.js';

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];
const MAX_INSTRUCTIONS = 2 ** 20;

export class ReasoningBody {
  @ApiPropertyOptional({ enum: EFFORTS, nullable: true })
  @IsOptional()
  @IsIn(EFFORTS)
  effort?: string | null;
}

export class TextBody {
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: '{type: text | json_object}, or {type: json_schema, name, schema, strict}',
  })
  @IsOptional()
  @IsObject()
  format?: Record<string, unknown> | null;
}

/** `POST /v1/responses`. Fields that are not named here are ignored: clients send many. */
export class CreateResponseBody {
  @ApiProperty({ description: "A provider's model, `default`, or the id of an assistant", example: 'default' })
  @IsString()
  @Length(1, 256)
  model!: string;

  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'object', additionalProperties: true } }],
    description: 'A text, or messages, function_call and function_call_output items',
  })
  @Allow()
  input!: unknown;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'For this answer alone' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_INSTRUCTIONS)
  instructions?: string | null;

  @ApiPropertyOptional({
    oneOf: [{ type: 'string' }, { type: 'object', properties: { id: { type: 'string' } } }],
    nullable: true,
    description: 'Goes on with this conversation',
  })
  @Allow()
  conversation?: unknown;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'Goes on behind this response' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  previous_response_id?: string | null;

  @ApiPropertyOptional({
    type: 'array',
    nullable: true,
    maxItems: 128,
    items: { type: 'object', additionalProperties: true },
    description: 'Functions, and one {type: file_search, vector_store_ids, …} that grounds the answer',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(128)
  @IsObject({ each: true })
  tools?: Record<string, unknown>[] | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    maxItems: 16,
    description: '`file_search_call.results` shows what searches find; others are ignored',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(16)
  @IsString({ each: true })
  include?: string[] | null;

  @ApiPropertyOptional({ oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }], nullable: true })
  @IsOptional()
  tool_choice?: string | Record<string, unknown> | null;

  @ApiPropertyOptional({ type: Boolean, nullable: true })
  @IsOptional()
  @IsBoolean()
  parallel_tool_calls?: boolean | null;

  @ApiPropertyOptional({ type: TextBody, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => TextBody)
  text?: TextBody | null;

  @ApiPropertyOptional({ type: ReasoningBody, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ReasoningBody)
  reasoning?: ReasoningBody | null;

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  max_output_tokens?: number | null;

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 0, maximum: 2 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(2)
  temperature?: number | null;

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 0, maximum: 1 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  top_p?: number | null;

  @ApiPropertyOptional({ enum: ['auto', 'disabled'], nullable: true })
  @IsOptional()
  @IsIn(['auto', 'disabled'])
  truncation?: 'auto' | 'disabled' | null;

  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;

  @ApiPropertyOptional({ type: Boolean, nullable: true, default: true, description: 'False keeps nothing' })
  @IsOptional()
  @IsBoolean()
  store?: boolean | null;

  @ApiPropertyOptional({ type: Boolean, nullable: true, description: 'Answers at once; ask for the response later' })
  @IsOptional()
  @IsBoolean()
  background?: boolean | null;

  @ApiPropertyOptional({ type: Boolean, nullable: true })
  @IsOptional()
  @IsBoolean()
  stream?: boolean | null;

  /** Not supported: prompts that OpenAI stores. */
  @Allow()
  prompt?: unknown;
}
