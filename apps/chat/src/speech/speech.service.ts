import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import {
  DomainError,
  serializeError,
  type SpeechEvent,
  type StartSpeechReply,
  type StartSpeechRequest,
} from '@parley/contracts';
import { ChatModels } from '@parley/llm';
import { MessageBus, type StreamWriter } from '@parley/messaging';
import { SpeechConfig } from './speech.config.js';

/** Of one message on the bus. */
const PIECE_BYTES = 24 * 1_024;

/** Reads texts aloud, to one listener each. Nothing is stored: a speech that broke off is asked for again. */
@Injectable()
export class SpeechService implements BeforeApplicationShutdown {
  readonly #logger = new Logger(SpeechService.name);
  readonly #stopping = new AbortController();

  constructor(
    private readonly models: ChatModels,
    private readonly bus: MessageBus,
    private readonly config: SpeechConfig,
  ) {}

  beforeApplicationShutdown(): void {
    this.#stopping.abort(new DomainError('stream_interrupted', 'The service that was speaking stopped.'));
  }

  /** Replies when the speech has begun. @throws DomainError when it does not */
  async start({ speechId, streamAddress, model, voice, ...request }: StartSpeechRequest): Promise<StartSpeechReply> {
    const leave = new AbortController();
    const signal = AbortSignal.any([leave.signal, this.#stopping.signal]);
    const asked = { ...request, model: model ?? this.config.model, voice: voice ?? this.config.voice };
    const audio = this.models.speak(asked, signal);
    const first = await audio.next();
    const stream = this.bus.streamWriter<SpeechEvent>(streamAddress, speechId);
    void this.#tell(stream, { first, audio, onGone: () => leave.abort() });
    return { speechId };
  }

  /** Never rejects. */
  async #tell(
    stream: StreamWriter<SpeechEvent>,
    {
      first,
      audio,
      onGone,
    }: { first: IteratorResult<Uint8Array>; audio: AsyncGenerator<Uint8Array>; onGone: () => void },
  ): Promise<void> {
    try {
      for (let piece = first; !piece.done; piece = await audio.next()) {
        for (const data of pieces(piece.value)) stream.probe({ type: 'audio', data }, onGone);
      }
      stream.end({ type: 'completed' });
    } catch (error) {
      this.#logger.warn(`A speech broke off: ${error instanceof Error ? error.message : String(error)}`);
      stream.end({ type: 'failed', error: serializeError(error) });
    }
  }
}

function* pieces(bytes: Uint8Array): Generator<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length; at += PIECE_BYTES) yield buffer.toString('base64', at, at + PIECE_BYTES);
}
