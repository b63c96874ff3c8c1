import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Metadata } from '@parley/contracts';
import { IsBoolean, IsNotEmpty, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { IsMetadata } from '../wire/metadata.validation.js';

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

export class SendMessageBody {
  @ApiProperty({ description: 'At most MAX_MESSAGE_LENGTH characters' })
  @IsString()
  @IsNotEmpty()
  content!: string;

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
