import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Length, Max, Min, ValidateBy } from 'class-validator';

export const MAX_INPUTS = 2048;
const MAX_TOKENS_PER_INPUT = 8192;
const MAX_TOKEN = 100_276;

export type EmbeddingInput = string | string[] | number[] | number[][];

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isToken = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_TOKEN;

function isTokens(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.length <= MAX_TOKENS_PER_INPUT && value.every(isToken);
}

function isInput(value: unknown): boolean {
  if (!Array.isArray(value)) return isText(value);
  if (value.length === 0) return false;
  return isTokens(value) || (value.length <= MAX_INPUTS && (value.every(isText) || value.every(isTokens)));
}

const IsEmbeddingInput = () =>
  ValidateBy({
    name: 'isEmbeddingInput',
    validator: {
      validate: isInput,
      defaultMessage: () =>
        `$property must be text, tokens, or a list of at most ${MAX_INPUTS} of them, none empty or longer than ${MAX_TOKENS_PER_INPUT} tokens`,
    },
  });

/** `POST /v1/embeddings`. Tokens are those of cl100k_base, which LangChain sends unasked. */
export class EmbeddingsBody {
  @ApiProperty({
    oneOf: [
      { type: 'string' },
      { type: 'array', items: { type: 'string' } },
      { type: 'array', items: { type: 'integer' } },
      { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
    ],
  })
  @IsEmbeddingInput()
  input!: EmbeddingInput;

  @ApiProperty({ description: 'The embedding model in use, or `default`' })
  @IsString()
  @Length(1, 256)
  model!: string;

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 1, maximum: 4000 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(4000)
  dimensions?: number | null;

  @ApiPropertyOptional({ enum: ['float', 'base64'], default: 'float', nullable: true })
  @IsOptional()
  @IsIn(['float', 'base64'])
  encoding_format?: 'float' | 'base64' | null;
}
