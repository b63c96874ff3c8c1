import { createParser } from 'eventsource-parser';
import { APIError } from 'openai';

/** Of one event without an end. No provider sends a tenth of it. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/**
 * The events of a streamed answer, those together that came together. The SDK's own reader goes through several promises for
 * each of them, which is what a fast model waits for.
 * @throws APIError for an error that the provider tells in the stream, as the SDK does
 */
export async function* readEvents<Event>(response: Response): AsyncGenerator<Event[]> {
  let events: Event[] = [];
  let failure: Error | undefined;
  let isDone = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') failure ??= error;
    },
    onEvent: ({ event, data }) => {
      if (isDone || failure) return;
      isDone = data.startsWith('[DONE]');
      if (isDone) return;
      try {
        const parsed = JSON.parse(data) as { error?: object | null };
        if (event === 'error' || parsed.error) failure = toError(parsed, response.headers);
        else events.push(parsed as Event);
      } catch (error) {
        failure = error as Error;
      }
    },
  });
  const decoder = new TextDecoder();
  // Read to the end also behind [DONE]: the connection is used again.
  for await (const bytes of response.body ?? []) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    if (events.length > 0) yield events;
    if (failure) throw failure;
    events = [];
  }
}

function toError(parsed: { error?: object | null }, headers: Headers): Error {
  return new APIError(undefined, parsed.error ?? parsed, undefined, headers);
}
