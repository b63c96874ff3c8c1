import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MAX_ADDED_MESSAGES, type Metadata } from '@parley/contracts';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsObject, IsOptional, IsString, MaxLength } from 'class-validator';
import { IsMetadata } from '../wire/metadata.validation.js';
import { LimitQuery } from '../wire/page.query.js';

const ITEMS = {
  type: 'array',
  maxItems: MAX_ADDED_MESSAGES,
  items: { type: 'object', additionalProperties: true },
  description: 'Messages, function_call and function_call_output items',
} as const;

export class CreateOpenAiConversationBody {
  @ApiPropertyOptional({ ...ITEMS, nullable: true })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_ADDED_MESSAGES)
  @IsObject({ each: true })
  items?: Record<string, unknown>[] | null;

  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;
}

export class UpdateOpenAiConversationBody {
  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;
}

export class AddItemsBody {
  @ApiProperty(ITEMS)
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ADDED_MESSAGES)
  @IsObject({ each: true })
  items!: Record<string, unknown>[];
}

/** A page of items; ids of items are of several kinds. */
export class ItemsQuery extends LimitQuery {
  @ApiPropertyOptional({ enum: ['asc', 'desc'], default: 'desc' })
  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'desc';

  @ApiPropertyOptional({ description: 'Id of the last item of the page before' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  after?: string;
}
