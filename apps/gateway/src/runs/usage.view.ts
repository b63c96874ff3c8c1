import { ApiProperty } from '@nestjs/swagger';
import { type Usage } from '@parley/contracts';

export class PromptTokensDetails {
  @ApiProperty()
  cached_tokens!: number;

  @ApiProperty()
  audio_tokens!: number;
}

export class CompletionTokensDetails {
  @ApiProperty()
  reasoning_tokens!: number;

  @ApiProperty()
  audio_tokens!: number;

  @ApiProperty()
  accepted_prediction_tokens!: number;

  @ApiProperty()
  rejected_prediction_tokens!: number;
}

/** Tokens of a chat completion, in OpenAI's shape. */
export class UsageObject {
  @ApiProperty()
  prompt_tokens!: number;

  @ApiProperty()
  completion_tokens!: number;

  @ApiProperty()
  total_tokens!: number;

  @ApiProperty({ type: PromptTokensDetails })
  prompt_tokens_details!: PromptTokensDetails;

  @ApiProperty({ type: CompletionTokensDetails })
  completion_tokens_details!: CompletionTokensDetails;
}

export function usageObject(usage: Usage): UsageObject {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.totalTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
