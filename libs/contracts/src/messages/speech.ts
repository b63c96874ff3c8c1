import { IsIn, IsNumber, IsOptional, IsString, IsUUID, Length, Max, MaxLength, Min } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type SerializedError } from '../errors.js';

export const AUDIO_FORMATS = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] as const;
export type AudioFormat = (typeof AUDIO_FORMATS)[number];

/** Longest text that is read aloud at once, in characters. */
export const MAX_SPEECH_CHARACTERS = 4_096;

/** A text to be read aloud, to whoever listens at the stream named by `speechId`. */
export class StartSpeechRequest {
  @IsUUID()
  speechId!: string;

  /** Absent: the configured one. */
  @IsOptional()
  @IsString()
  @Length(1, 256)
  model?: string;

  @IsString()
  @Length(1, MAX_SPEECH_CHARACTERS)
  text!: string;

  /** Absent: the configured one. */
  @IsOptional()
  @IsString()
  @Length(1, 256)
  voice?: string;

  @IsIn(AUDIO_FORMATS)
  format!: AudioFormat;

  @IsOptional()
  @IsNumber()
  @Min(0.25)
  @Max(4)
  speed?: number;

  @IsOptional()
  @IsString()
  @MaxLength(4_096)
  instructions?: string;

  @IsString()
  @MaxLength(255)
  streamAddress!: string;
}

export interface StartSpeechReply {
  speechId: string;
}

/** Pieces of an audio file in base64, then its end. */
export type SpeechEvent =
  { type: 'audio'; data: string } | { type: 'completed' } | { type: 'failed'; error: SerializedError };

/** Replies when the speech has begun: a failure before that is the reply. */
export const StartSpeech = defineRpc<StartSpeechReply>()({
  name: 'chat.start-speech.v1',
  request: StartSpeechRequest,
  timeoutMs: 60_000,
});
