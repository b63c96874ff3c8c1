import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Metadata } from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayMinSize,
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
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsMetadata } from '../wire/metadata.validation.js';
import { CompletionMessageBody } from './completion-message.request.js';

const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];

export class StreamOptionsBody {
  @ApiPropertyOptional({ description: 'Sends one more chunk with the usage' })
  @IsOptional()
  @IsBoolean()
  include_usage?: boolean | null;
}

export class ResponseFormatBody {
  @ApiProperty({ enum: ['text', 'json_object', 'json_schema'] })
  @IsIn(['text', 'json_object', 'json_schema'])
  type!: 'text' | 'json_object' | 'json_schema';

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @ValidateIf(({ type }: ResponseFormatBody) => type === 'json_schema')
  @IsObject()
  json_schema?: Record<string, unknown>;
}

/** How the answer is written. */
export class SamplingBody {
  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  max_completion_tokens?: number | null;

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 1, description: 'Old name of max_completion_tokens' })
  @IsOptional()
  @IsInt()
  @Min(1)
  max_tokens?: number | null;

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

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: -2, maximum: 2 })
  @IsOptional()
  @IsNumber()
  @Min(-2)
  @Max(2)
  presence_penalty?: number | null;

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: -2, maximum: 2 })
  @IsOptional()
  @IsNumber()
  @Min(-2)
  @Max(2)
  frequency_penalty?: number | null;

  @ApiPropertyOptional({ type: Number, nullable: true })
  @IsOptional()
  @IsInt()
  seed?: number | null;

  @ApiPropertyOptional({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, maxItems: 4 }],
    nullable: true,
  })
  @ValidateIf(({ stop }: SamplingBody) => typeof stop !== 'string' && (stop ?? null) !== null)
  @IsArray({ message: '$property must be a string or a list of strings' })
  @ArrayMaxSize(4)
  @IsString({ each: true })
  stop?: string | string[] | null;

  @ApiPropertyOptional({ type: ResponseFormatBody, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ResponseFormatBody)
  response_format?: ResponseFormatBody | null;

  @ApiPropertyOptional({ enum: REASONING_EFFORTS, nullable: true })
  @IsOptional()
  @IsIn(REASONING_EFFORTS)
  reasoning_effort?: string | null;
}

/** What clients may send that has no effect here when it has its neutral value, and is refused otherwise. */
export class UnsupportedBody extends SamplingBody {
  @Allow()
  n?: unknown;

  @Allow()
  logprobs?: unknown;

  @Allow()
  top_logprobs?: unknown;

  @Allow()
  logit_bias?: unknown;

  @Allow()
  modalities?: unknown;

  @Allow()
  audio?: unknown;

  @Allow()
  functions?: unknown;

  @Allow()
  function_call?: unknown;

  @Allow()
  web_search_options?: unknown;

  @Allow()
  moderation?: unknown;
}

/** `POST /v1/chat/completions`. Fields that are not named here are ignored: clients send many. */
export class CompletionBody extends UnsupportedBody {
  @ApiProperty({ description: "A provider's model, `default`, or the id of an assistant", example: 'default' })
  @IsString()
  @Length(1, 256)
  model!: string;

  @ApiProperty({ type: [CompletionMessageBody] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2048)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => CompletionMessageBody)
  messages!: CompletionMessageBody[];

  @ApiPropertyOptional({ type: Boolean, nullable: true })
  @IsOptional()
  @IsBoolean()
  stream?: boolean | null;

  @ApiPropertyOptional({ type: StreamOptionsBody, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => StreamOptionsBody)
  stream_options?: StreamOptionsBody | null;

  @ApiPropertyOptional({
    type: 'array',
    nullable: true,
    maxItems: 128,
    items: { type: 'object', additionalProperties: true },
    description:
      'Functions for the model, and one {type: file_search, vector_store_ids, max_num_results, filters, ranking_options, mode} that grounds the answer; with the mode `auto` the model searches when it needs to',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(128)
  @IsObject({ each: true })
  tools?: Record<string, unknown>[] | null;

  @ApiPropertyOptional({
    oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }],
    nullable: true,
  })
  @IsOptional()
  tool_choice?: string | Record<string, unknown> | null;

  @ApiPropertyOptional({ type: Boolean, nullable: true, description: 'False: at most one call at a time' })
  @IsOptional()
  @IsBoolean()
  parallel_tool_calls?: boolean | null;

  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;

  @ApiPropertyOptional({ type: Boolean, nullable: true, default: true, description: 'False keeps nothing' })
  @IsOptional()
  @IsBoolean()
  store?: boolean | null;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'Goes on with this conversation' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  conversation_id?: string | null;
}
