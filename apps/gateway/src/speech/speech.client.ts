import { Injectable } from '@nestjs/common';
import {
  deserializeError,
  DomainError,
  type SpeechEvent,
  StartSpeech,
  type StartSpeechRequest,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus, type StreamReader } from '@parley/messaging';
import { v7 as uuidv7 } from 'uuid';

export type SpeechRequest = Omit<StartSpeechRequest, 'speechId' | 'streamAddress'>;

/** Above the provider's own limits, which say more. */
const IDLE_TIMEOUT_MS = 60_000;
/** Pieces of 24 KiB that may wait for a slow client: as much as a whole speech may have. */
const MAX_BUFFERED = 2_048;

/** Has texts read aloud by the chat service, which knows the providers. */
@Injectable()
export class SpeechClient {
  constructor(private readonly bus: MessageBus) {}

  /**
   * The bytes of an audio file as they come. Resolves when the first is at hand.
   * @throws DomainError when the speech does not begin; later from the reading
   */
  async speak(tenant: TenantContext, request: SpeechRequest, left: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const speechId = uuidv7();
    const options = { idleTimeoutMs: IDLE_TIMEOUT_MS, maxBuffered: MAX_BUFFERED, signal: left };
    const stream = this.bus.openStream<SpeechEvent>(speechId, options);
    try {
      const { streamAddress } = this.bus;
      await this.bus.request(StartSpeech, { ...request, speechId, streamAddress }, tenant, { signal: left });
      return bytesOf(stream);
    } catch (error) {
      stream.close();
      throw error;
    }
  }
}

async function* bytesOf(stream: StreamReader<SpeechEvent>): AsyncGenerator<Buffer> {
  for await (const { data } of stream) {
    if (data.type === 'failed') throw deserializeError(data.error);
    if (data.type === 'completed') return;
    yield Buffer.from(data.data, 'base64');
  }
  throw new DomainError('stream_interrupted', 'The speech ended before it was complete.');
}
