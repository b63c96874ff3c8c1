import { type ModelOrigin } from '@parley/contracts';

export const SPEECH_FORMATS = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] as const;
export type SpeechFormat = (typeof SPEECH_FORMATS)[number];

/**
 * A text read aloud, as models tell it: once it has begun who reads and what it costs, then its bytes. It costs all of the
 * text then, however much of it is heard.
 */
export type SpeechChunk =
  | { type: 'begun'; origin: ModelOrigin; characters: number; costMicros: number | null }
  | { type: 'audio'; bytes: Uint8Array };

/** A text to be read aloud. */
export interface SpeechRequest {
  model: string;
  text: string;
  voice: string;
  format: SpeechFormat;
  speed?: number | undefined;
  instructions?: string | undefined;
}
