import { Env } from '@parley/config';
import { Length } from 'class-validator';

/** How texts are read aloud when a request does not say. */
export class SpeechConfig {
  @Env('TTS_MODEL', {
    description: 'Model that reads texts aloud: of the provider, or one of LLM_CONFIG',
    default: 'tts-1',
  })
  @Length(1, 256)
  readonly model!: string;

  @Env('TTS_VOICE', { description: 'Voice that reads texts aloud', default: 'alloy' })
  @Length(1, 256)
  readonly voice!: string;
}
