import { type RunEvent } from '@parley/contracts';
import { endedEarly } from '../runs/answer.js';
import { type Run } from '../runs/run.client.js';
import { type Ending, type ResponseEvent, ResponseTelling, type ToldResponse, UNDER_WAY } from './response-telling.js';

/**
 * A run's events, heard from the beginning, as OpenAI's stream of a response.
 * @throws DomainError `stream_interrupted` when it ends without a result
 */
export async function* responseEvents(run: Run, told: ToldResponse): AsyncGenerator<ResponseEvent> {
  const telling = new ResponseTelling(run, told);
  yield* telling.begin();
  for await (const { data } of run.events) {
    if (data.type === 'text') yield* telling.text(data.text);
    if (data.type === 'tool_call') yield* telling.call(data);
    if (data.type === 'server_tool') yield* telling.step(data);
    const ending = endingOf(data);
    if (!ending) continue;
    yield* telling.end(ending);
    return;
  }
  throw endedEarly();
}

function endingOf(event: RunEvent): Ending | null {
  if (event.type === 'failed') return { ...UNDER_WAY, status: 'failed', error: event.error };
  if (event.type !== 'completed' && event.type !== 'cancelled') return null;
  const { usage, annotations } = event;
  if (event.type === 'cancelled') return { ...UNDER_WAY, status: 'cancelled', usage, annotations };
  const { finishReason } = event;
  const isCut = finishReason === 'length' || finishReason === 'content_filter';
  return { status: isCut ? 'incomplete' : 'completed', finishReason, usage, annotations, error: null };
}
