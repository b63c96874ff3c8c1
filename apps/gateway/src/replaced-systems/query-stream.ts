import { Logger } from '@nestjs/common';
import { deserializeError, formatId } from '@parley/contracts';
import { type FastifyReply } from 'fastify';
import { faultOf } from '../http/fault.js';
import { fileCitationObject } from '../runs/annotation.view.js';
import { endedEarly, type RunCancelled, type RunCompleted } from '../runs/answer.js';
import { type Run } from '../runs/run.client.js';
import { settledStart } from '../runs/settled-start.js';
import { SseWriter } from '../runs/sse-writer.js';
import { usageObject } from '../runs/usage.view.js';
import { type SpokenAnswer } from './spoken-answer.js';

const logger = new Logger('QueryStream');

export interface QueryStreamOptions {
  sessionId: string;
  /** Null: the answer is only written. */
  voice: SpokenAnswer | null;
  /** False: the answer is told as a whole, at its end. */
  isStreamed: boolean;
}

/**
 * Sends an answer as events of text, and of audio when it is read aloud: a sentence is read while the next is written, so
 * that the text never waits for the voice. The end is told when both are through.
 * @throws DomainError when the run fails at once, before anything is sent
 */
export async function streamQuery(reply: FastifyReply, started: Run, options: QueryStreamOptions): Promise<void> {
  const run = await settledStart(started);
  const writer = SseWriter.open(reply);
  const send = (event: { type: string; [field: string]: unknown }, id?: number) =>
    writer.send(JSON.stringify(event), id);
  const speaking = options.voice?.tell(send);
  try {
    await send({ type: 'start', sessionId: options.sessionId, ...placeOf(run) });
    const { end, position } = await tellText(run, { send, voice: options.voice, isStreamed: options.isStreamed });
    options.voice?.end();
    await speaking;
    await send(doneEvent(end), position);
  } catch (error) {
    options.voice?.end();
    const { code, message } = faultOf(error);
    logger.warn(`Run ${run.runId} broke off: ${code}: ${message}`);
    await send({ type: 'error', error: { code, message } });
  } finally {
    options.voice?.stop();
    writer.end();
  }
}

interface Telling {
  send: (event: { type: string; text: string }, id: number) => Promise<void>;
  voice: SpokenAnswer | null;
  isStreamed: boolean;
}

async function tellText(
  run: Run,
  { send, voice, isStreamed }: Telling,
): Promise<{ end: RunCompleted | RunCancelled; position: number }> {
  let whole = '';
  for await (const { data, position } of run.events) {
    if (data.type === 'failed') throw deserializeError(data.error);
    if (data.type === 'completed' || data.type === 'cancelled') {
      if (whole !== '') await send({ type: 'text', text: whole }, position);
      return { end: data, position };
    }
    if (data.type !== 'text') continue;
    voice?.write(data.text);
    if (isStreamed) await send({ type: 'text', text: data.text }, position);
    else whole += data.text;
  }
  throw endedEarly();
}

function placeOf({ runId, conversationId, messageId }: Run): object {
  return {
    runId: formatId('run', runId),
    conversationId: conversationId && formatId('conversation', conversationId),
    messageId: messageId && formatId('message', messageId),
  };
}

function doneEvent(end: RunCompleted | RunCancelled): { type: string } {
  const finishReason = end.type === 'completed' ? end.finishReason : 'cancelled';
  const citations = end.annotations.map(fileCitationObject);
  return { type: 'done', ...{ finishReason, citations, usage: usageObject(end.usage) } };
}
