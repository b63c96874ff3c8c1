import { Logger } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { faultOf } from '../http/fault.js';
import { type Run } from '../runs/run.client.js';
import { settledStart } from '../runs/settled-start.js';
import { SseWriter } from '../runs/sse-writer.js';
import { responseEvents } from './response-events.js';
import { type ToldResponse } from './response-telling.js';

const logger = new Logger('ResponseStream');

/**
 * Sends a response to the client as it happens: named events, each with its number as the id to go on from. Once it has
 * taken the reply over the status is sent, so that a failure is an event as well.
 * @throws DomainError when a new run fails at once, before anything is sent
 */
export async function streamResponse(reply: FastifyReply, started: Run, told: ToldResponse): Promise<void> {
  const run = told.after < 0 ? await settledStart(started) : started;
  const writer = SseWriter.open(reply);
  let last = told.after;
  try {
    for await (const event of responseEvents(run, told)) {
      last = event.sequence_number;
      await writer.send(JSON.stringify(event), last, event.type);
      if (!writer.isOpen) return;
    }
  } catch (error) {
    if (!writer.isOpen) return;
    const { code, message, param } = faultOf(error);
    logger.warn(`Run ${run.runId} broke off: ${code}: ${message}`);
    const event = { type: 'error', sequence_number: last + 1, code, message, param };
    // Without an id: there is nothing to go on from behind it, but from before it.
    await writer.send(JSON.stringify(event), undefined, event.type);
  } finally {
    writer.end();
  }
}
