import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MAX_COMMENT_LENGTH, MAX_SEARCH_QUERY_LENGTH, type Metadata, type Rating, RATINGS } from '@parley/contracts';
import { IsBoolean, IsIn, IsNotEmpty, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { IsMetadata } from '../wire/metadata.validation.js';
import { LimitQuery, PageQuery } from '../wire/page.query.js';

export const EXPORT_FORMATS = ['json', 'markdown'] as const;

export class CreateConversationBody {
  @ApiPropertyOptional({ type: String, nullable: true, description: 'Answers in this conversation' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  assistant_id?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 256 })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  title?: string | null;

  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;
}

/** What is absent stays as it is. */
export class UpdateConversationBody {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 256, description: 'Null: none' })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  title?: string | null;

  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Goes on with the branch of this message: of several behind it with the newest',
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  branch?: string | null;
}

/** How an answer is asked for. */
export class AnswerBody {
  @ApiPropertyOptional({ type: Boolean, nullable: true, description: 'Sends the chunks of a chat completion' })
  @IsOptional()
  @IsBoolean()
  stream?: boolean | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: "A provider's model, `default`, or the id of an assistant; by default the conversation's assistant",
  })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  model?: string | null;
}

export class EditMessageBody extends AnswerBody {
  @ApiProperty({ description: 'At most MAX_MESSAGE_LENGTH characters' })
  @IsString()
  @IsNotEmpty()
  content!: string;
}

export class SendMessageBody extends EditMessageBody {
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'The message that it follows; by default the last one of the branch that is gone on with',
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  parent_id?: string | null;
}

/** Which messages of a conversation are listed. */
export class MessagesQuery extends PageQuery {
  @ApiPropertyOptional({
    description:
      'Any message of the branch to list, or `all` for every branch with the results of tools; by default the one that is gone on with',
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  branch?: string;
}

export class SearchQuery extends LimitQuery {
  @ApiProperty({
    minLength: 1,
    maxLength: MAX_SEARCH_QUERY_LENGTH,
    description: 'Words, "phrases" and -exclusions; the last word may be the beginning of one',
  })
  @IsString()
  @Length(1, MAX_SEARCH_QUERY_LENGTH)
  query!: string;

  @ApiPropertyOptional({ description: 'Id of the last conversation of the page before' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  after?: string;
}

export class ExportQuery {
  @ApiPropertyOptional({ enum: EXPORT_FORMATS, default: 'json' })
  @IsIn(EXPORT_FORMATS)
  format: (typeof EXPORT_FORMATS)[number] = 'json';
}

export class FeedbackBody {
  @ApiProperty({ enum: RATINGS })
  @IsIn(RATINGS)
  rating!: Rating;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: MAX_COMMENT_LENGTH })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_COMMENT_LENGTH)
  comment?: string | null;
}
