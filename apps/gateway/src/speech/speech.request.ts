import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { AUDIO_FORMATS, type AudioFormat, DomainError, MAX_SPEECH_CHARACTERS } from '@parley/contracts';
import {
  IsIn,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';
import { type SpeechRequest } from './speech.client.js';

/** `POST /v1/audio/speech`. Fields that are not named here are ignored: clients send many. */
export class SpeechBody {
  @ApiProperty({ description: 'A model of the provider, or `default`', example: 'default' })
  @IsString()
  @Length(1, 256)
  model!: string;

  @ApiProperty({ minLength: 1, maxLength: MAX_SPEECH_CHARACTERS })
  @IsString()
  @Length(1, MAX_SPEECH_CHARACTERS)
  input!: string;

  @ApiPropertyOptional({
    oneOf: [{ type: 'string' }, { type: 'object', properties: { id: { type: 'string' } } }],
    description: 'Default: the configured one',
  })
  @ValidateIf(({ voice }: SpeechBody) => typeof voice !== 'string' && (voice ?? null) !== null)
  @IsObject({ message: '$property must be a name or an object with an id' })
  voice?: string | { id?: unknown } | null;

  @ApiPropertyOptional({ enum: AUDIO_FORMATS, nullable: true, default: 'mp3' })
  @IsOptional()
  @IsIn(AUDIO_FORMATS)
  response_format?: AudioFormat | null;

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 0.25, maximum: 4 })
  @IsOptional()
  @IsNumber()
  @Min(0.25)
  @Max(4)
  speed?: number | null;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 4_096 })
  @IsOptional()
  @IsString()
  @MaxLength(4_096)
  instructions?: string | null;

  @ApiPropertyOptional({ enum: ['audio'], nullable: true })
  @IsOptional()
  @IsString()
  stream_format?: string | null;
}

/** @throws DomainError `unsupported_parameter`, `invalid_request` naming the field */
export function speechRequest(body: SpeechBody): SpeechRequest {
  const { model, input: text, response_format, speed, instructions, stream_format } = body;
  if ((stream_format ?? 'audio') !== 'audio') {
    throw new DomainError('unsupported_parameter', 'stream_format can only be audio.', { param: 'stream_format' });
  }
  const voice = voiceOf(body);
  return {
    text,
    format: response_format ?? 'mp3',
    ...(model === 'default' ? {} : { model }),
    ...(voice === undefined ? {} : { voice }),
    ...(typeof speed === 'number' ? { speed } : {}),
    ...(typeof instructions === 'string' ? { instructions } : {}),
  };
}

function voiceOf({ voice }: SpeechBody): string | undefined {
  const name = typeof voice === 'object' && voice !== null ? voice.id : (voice ?? undefined);
  if (name === undefined && (voice ?? null) === null) return undefined;
  if (typeof name === 'string' && name.length >= 1 && name.length <= 256) return name;
  throw new DomainError('invalid_request', 'voice must be a name of 1 to 256 characters.', { param: 'voice' });
}
