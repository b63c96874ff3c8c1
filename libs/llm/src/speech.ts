export const SPEECH_FORMATS = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] as const;
export type SpeechFormat = (typeof SPEECH_FORMATS)[number];

/** A text to be read aloud. */
export interface SpeechRequest {
  model: string;
  text: string;
  voice: string;
  format: SpeechFormat;
  speed?: number | undefined;
  instructions?: string | undefined;
}
