import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { CHAT_ROLES, type ChatRole } from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Length,
  MaxLength,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

const PART_TYPES = ['text', 'image_url', 'input_audio', 'file', 'refusal'];
const MAX_PARTS = 256;

export type ContentPart = Record<string, unknown>;

function isPart(part: unknown): boolean {
  if (typeof part !== 'object' || part === null || !('type' in part)) return false;
  if (part.type === 'text') return 'text' in part && typeof part.text === 'string';
  return PART_TYPES.includes(part.type as string);
}

function isContent(content: unknown): boolean {
  return (
    typeof content === 'string' || (Array.isArray(content) && content.length <= MAX_PARTS && content.every(isPart))
  );
}

const IsContent = () =>
  ValidateBy({
    name: 'isContent',
    validator: {
      validate: isContent,
      defaultMessage: () => `$property must be a string or a list of parts of type ${PART_TYPES.join(', ')}`,
    },
  });

export class FunctionCallBody {
  @ApiProperty()
  @IsString()
  @Length(1, 256)
  name!: string;

  @ApiProperty({ description: 'JSON as the model wrote it' })
  @IsString()
  arguments!: string;
}

export class ToolCallBody {
  @ApiProperty()
  @IsString()
  @Length(1, 256)
  id!: string;

  @ApiProperty({ enum: ['function'] })
  @IsIn(['function'])
  type!: 'function';

  @ApiProperty({ type: FunctionCallBody })
  @IsObject()
  @ValidateNested()
  @Type(() => FunctionCallBody)
  function!: FunctionCallBody;
}

/** One message of a chat completion request. */
export class CompletionMessageBody {
  @ApiProperty({ enum: CHAT_ROLES })
  @IsIn(CHAT_ROLES)
  role!: ChatRole;

  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'object', additionalProperties: true } }],
    nullable: true,
    description: 'Text or parts; null only beside tool calls',
  })
  @ValidateIf(({ content, tool_calls }: CompletionMessageBody) => (content ?? null) !== null || !tool_calls?.length)
  @IsContent()
  content!: string | ContentPart[] | null;

  @ApiPropertyOptional({ type: [ToolCallBody], nullable: true })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(128)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ToolCallBody)
  tool_calls?: ToolCallBody[] | null;

  @ApiPropertyOptional({ description: 'Required when role is tool' })
  @ValidateIf(({ role }: CompletionMessageBody) => role === 'tool')
  @IsString()
  @MaxLength(256)
  tool_call_id?: string;

  /** Not supported: the deprecated form of tool_calls. */
  @Allow()
  function_call?: unknown;
}
