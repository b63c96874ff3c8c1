import { Env } from '@parley/config';
import { IsInt, Max, Min } from 'class-validator';

export class MessageConfig {
  @Env('MAX_MESSAGE_LENGTH', {
    description: 'Longest message of a user in a conversation, in characters',
    default: 4_000,
  })
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  readonly maxCharacters!: number;
}
