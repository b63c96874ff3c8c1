import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

const MAX_WAIT_MS = 3_600_000;
/** In millionths of a currency unit for a million tokens: far above any price, and still exact. */
const MAX_PRICE = 1_000_000_000_000;

function Within(min: number, max: number): PropertyDecorator {
  return (target, property) => {
    for (const check of [IsOptional(), IsInt(), Min(min), Max(max)]) check(target, property);
  };
}

/** An endpoint that speaks OpenAI's protocol, and how it is called. What is left out has the default of `LLM_…`. */
export class ProviderSetting {
  @Matches(/^[a-z0-9][a-z0-9-]{0,31}$/, { message: '$property must be lower-case letters, digits and hyphens' })
  name!: string;

  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  base_url!: string;

  /** The environment variable that holds the key, so that the file holds no secret. */
  @IsOptional()
  @Matches(/^[A-Za-z_][A-Za-z0-9_]*$/, { message: '$property must be the name of an environment variable' })
  api_key_env?: string;

  /** Whether its models can be used as `name/model` without being declared. */
  @IsOptional()
  @IsBoolean()
  all_models?: boolean;

  @IsOptional()
  @IsIn(['max_tokens', 'max_completion_tokens'])
  max_tokens_field?: 'max_tokens' | 'max_completion_tokens';

  @Within(1, 100_000)
  max_concurrent_requests?: number;

  @Within(0, 100_000)
  max_queued_requests?: number;

  @Within(0, MAX_WAIT_MS)
  queue_timeout_ms?: number;

  @Within(10, MAX_WAIT_MS)
  first_content_timeout_ms?: number;

  @Within(10, MAX_WAIT_MS)
  idle_timeout_ms?: number;

  @Within(10, MAX_WAIT_MS)
  overall_timeout_ms?: number;

  @Within(0, 10)
  max_retries?: number;

  @Within(1, 1_000)
  breaker_threshold?: number;

  @Within(0, MAX_WAIT_MS)
  breaker_pause_ms?: number;

  /** What the variable holds; never in the file. */
  declare apiKey?: string | undefined;
}

export class TargetSetting {
  @IsString()
  provider!: string;

  @IsString()
  @Length(1, 256)
  model!: string;

  /** Of a model that is not a known one. */
  @Within(256, 100_000_000)
  context_window_tokens?: number;
}

/** A name for clients, and who answers to it: the first that can. */
export class ModelSetting {
  @Matches(/^(?!default$|asst_)[^\s]{1,128}$/, {
    message: '$property must be up to 128 characters without spaces, not "default" and not like an assistant\'s id',
  })
  name!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(8)
  @ValidateNested({ each: true })
  @Type(() => TargetSetting)
  targets!: TargetSetting[];
}

/**
 * In millionths of a currency unit for a million tokens, or characters that are read aloud: 2.50 dollars are 2500000.
 * A model that only speaks has no `input` and `output`.
 */
export class PriceSetting {
  @IsString()
  provider!: string;

  @IsString()
  @Length(1, 256)
  model!: string;

  @ValidateIf(hasTokens)
  @IsInt()
  @Min(0)
  @Max(MAX_PRICE)
  input?: number;

  /** Of input that the provider had cached; `input` when left out. */
  @Within(0, MAX_PRICE)
  cached_input?: number;

  @ValidateIf(hasTokens)
  @IsInt()
  @Min(0)
  @Max(MAX_PRICE)
  output?: number;

  @Within(0, MAX_PRICE)
  characters?: number;
}

function hasTokens({ input, cached_input, output, characters }: PriceSetting): boolean {
  return [input, cached_input, output].some((price) => price !== undefined) || characters === undefined;
}

/** Providers, the models that clients may name, and what they cost. Each part may be left out. */
export class ModelsFile {
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @ValidateNested({ each: true })
  @Type(() => ProviderSetting)
  providers?: ProviderSetting[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(256)
  @ValidateNested({ each: true })
  @Type(() => ModelSetting)
  models?: ModelSetting[];

  /** The first of the models when left out. */
  @IsOptional()
  @IsString()
  @Length(1, 256)
  default_model?: string;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(1_000)
  @ValidateNested({ each: true })
  @Type(() => PriceSetting)
  prices?: PriceSetting[];
}
