import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import {
  DomainError,
  serializeError,
  type SpeechEvent,
  type StartSpeechReply,
  type StartSpeechRequest,
  type TenantContext,
} from '@parley/contracts';
import { ChatModels, type SpeechChunk } from '@parley/llm';
import { MessageBus, type StreamWriter } from '@parley/messaging';
import { UsageLedger } from '../usage/usage-ledger.js';
import { SpeechConfig } from './speech.config.js';

/** Of one message on the bus. */
const PIECE_BYTES = 24 * 1_024;

/** Reads texts aloud, to one listener each. Nothing but what it costs is stored: a speech that broke off is asked for again. */
@Injectable()
export class SpeechService implements BeforeApplicationShutdown {
  readonly #logger = new Logger(SpeechService.name);
  readonly #stopping = new AbortController();
  readonly #charges = new Set<Promise<void>>();

  constructor(
    private readonly models: ChatModels,
    private readonly bus: MessageBus,
    private readonly ledger: UsageLedger,
    private readonly config: SpeechConfig,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping.abort(new DomainError('stream_interrupted', 'The service that was speaking stopped.'));
    await Promise.all(this.#charges);
  }

  /** Replies when the speech has begun. @throws DomainError when it does not */
  async start(
    tenant: TenantContext,
    { speechId, streamAddress, model, voice, ...request }: StartSpeechRequest,
  ): Promise<StartSpeechReply> {
    const leave = new AbortController();
    const signal = AbortSignal.any([leave.signal, this.#stopping.signal]);
    const asked = { ...request, model: model ?? this.config.model, voice: voice ?? this.config.voice };
    const audio = this.models.speak(asked, signal);
    const first = await audio.next();
    if (!first.done && first.value.type === 'begun') this.#keep(this.ledger.chargeSpeech(tenant, first.value));
    const stream = this.bus.streamWriter<SpeechEvent>(streamAddress, speechId);
    void this.#tell(stream, { audio, onGone: () => leave.abort() });
    return { speechId };
  }

  /** Listeners do not wait for it, but a stop does. */
  #keep(charged: Promise<void>): void {
    this.#charges.add(charged);
    void charged.then(() => this.#charges.delete(charged));
  }

  /** Never rejects. */
  async #tell(
    stream: StreamWriter<SpeechEvent>,
    { audio, onGone }: { audio: AsyncGenerator<SpeechChunk>; onGone: () => void },
  ): Promise<void> {
    try {
      for await (const chunk of audio) {
        if (chunk.type !== 'audio') continue;
        for (const data of pieces(chunk.bytes)) stream.probe({ type: 'audio', data }, onGone);
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
