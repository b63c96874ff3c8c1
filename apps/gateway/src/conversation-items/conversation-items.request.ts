import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MAX_ADDED_MESSAGES, type Metadata } from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { IsMetadata } from '../wire/metadata.validation.js';

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
export class ItemsQuery {
  @ApiPropertyOptional({ default: 20, minimum: 1, maximum: 100 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  @ApiPropertyOptional({ enum: ['asc', 'desc'], default: 'desc' })
  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'desc';

  @ApiPropertyOptional({ description: 'Id of the last item of the page before' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  after?: string;
}
