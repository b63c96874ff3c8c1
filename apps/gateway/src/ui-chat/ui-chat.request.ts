import { ApiProperty, ApiPropertyOptional, PickType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Length,
  MaxLength,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { CompletionBody } from '../completions/completion.request.js';

export const MAX_CHAT_ID_LENGTH = 256;
const UI_ROLES = ['system', 'user', 'assistant'] as const;
const TRIGGERS = ['submit-message', 'regenerate-message'] as const;

/** One part of a message: `text`, `file`, `tool-…`, `step-start` and others, each with fields of its own. */
export interface UiPart {
  type: string;
  [field: string]: unknown;
}

const isPart = (part: unknown) =>
  typeof part === 'object' && part !== null && 'type' in part && typeof part.type === 'string';

const IsParts = () =>
  ValidateBy({
    name: 'isParts',
    validator: {
      validate: (parts: unknown) => Array.isArray(parts) && parts.every(isPart),
      defaultMessage: () => '$property must be a list of objects with a type',
    },
  });

/** A message as the AI SDK keeps it. */
export class UiMessageBody {
  @ApiProperty()
  @IsString()
  @Length(1, MAX_CHAT_ID_LENGTH)
  id!: string;

  @ApiProperty({ enum: UI_ROLES })
  @IsIn(UI_ROLES)
  role!: (typeof UI_ROLES)[number];

  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } })
  @IsParts()
  @ArrayMaxSize(2_048)
  parts!: UiPart[];

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'As Parley has sent it' })
  @IsOptional()
  metadata?: unknown;
}

/** What the AI SDK's `DefaultChatTransport` sends; the fields of a chat completion besides, from the transport's `body`. */
export class UiChatBody extends PickType(CompletionBody, ['tools', 'tool_choice', 'parallel_tool_calls'] as const) {
  @ApiProperty({ description: "The client's id of the chat, or the id of a conversation", maxLength: 256 })
  @IsString()
  @Length(1, MAX_CHAT_ID_LENGTH)
  id!: string;

  @ApiPropertyOptional({ type: [UiMessageBody], description: 'All messages that the client has' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(2_048)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => UiMessageBody)
  messages?: UiMessageBody[] | null;

  @ApiPropertyOptional({ type: UiMessageBody, description: 'Only the last message, instead of `messages`' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => UiMessageBody)
  message?: UiMessageBody | null;

  @ApiPropertyOptional({ enum: TRIGGERS, default: 'submit-message' })
  @IsOptional()
  @IsIn(TRIGGERS)
  trigger?: (typeof TRIGGERS)[number] | null;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'The message to write anew, or that is edited' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_CHAT_ID_LENGTH)
  messageId?: string | null;

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

export class StopUiChatBody {
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Stops this run only, as the metadata of its message names it',
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  activeStreamId?: string | null;
}

export class StoppedUiChat {
  @ApiProperty()
  success!: true;

  @ApiProperty({ type: String, nullable: true, description: 'What was stopped; null: nothing was being written' })
  run_id!: string | null;
}
