import { type OpenAI } from 'openai';
import { type ResolvedLlmOptions } from '../llm-options.js';
import { ProviderFailure } from '../policy/provider-failure.js';
import { Watchdog } from '../policy/watchdog.js';
import { type SpeechRequest } from '../speech.js';

/** Minutes of speech without compression; whoever sends more does not stop. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * One HTTP request, read to its end. Time is limited only while the provider is to act, not while the reader is.
 * @throws what the SDK throws, or the reason of `signal`
 */
export async function* readSpeech(
  client: OpenAI,
  { model, text, voice, format, speed, instructions }: SpeechRequest,
  timers: Pick<ResolvedLlmOptions, 'firstContentTimeoutMs' | 'idleTimeoutMs'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const watchdog = new Watchdog();
  const either = AbortSignal.any([signal, watchdog.signal]);
  const params = { model, input: text, voice, response_format: format, speed, instructions };
  let bytes = 0;
  try {
    watchdog.expect(timers.firstContentTimeoutMs, 'The speech did not begin');
    const response = await client.audio.speech.create(params, { signal: either });
    for await (const piece of response.body ?? []) {
      watchdog.rest();
      bytes += piece.byteLength;
      if (bytes > MAX_BYTES) throw new ProviderFailure('provider_error', 'The speech is too long.');
      yield piece;
      watchdog.expect(timers.idleTimeoutMs, 'The speech did not go on');
    }
    if (bytes === 0)
      throw new ProviderFailure('provider_error', 'The speech is empty.', { retryable: true, outage: true });
  } catch (error) {
    throw either.aborted ? either.reason : error;
  } finally {
    watchdog.rest();
  }
}
