import { Logger } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { openAiError } from '../http/error-response.js';
import { faultOf } from '../http/fault.js';
import { type ChunkOptions, completionChunks } from './completion-chunks.js';
import { type Run } from './run.client.js';
import { settledStart } from './settled-start.js';
import { type SseOptions, SseWriter } from './sse-writer.js';

const logger = new Logger('CompletionStream');

export interface CompletionStreamOptions extends Partial<SseOptions>, ChunkOptions {}

/**
 * Sends a run to the client as it happens. Once it has taken the response over the status is sent, so that a failure is
 * the stream's last event.
 * @throws DomainError when the run fails at once, before anything is sent
 */
export async function streamCompletion(
  reply: FastifyReply,
  started: Run,
  options: CompletionStreamOptions,
): Promise<void> {
  const run = await settledStart(started);
  const writer = SseWriter.open(reply, options);
  try {
    for await (const { chunk, position } of completionChunks(run, options)) {
      await writer.send(JSON.stringify(chunk), position);
      if (!writer.isOpen) return;
    }
    await writer.send('[DONE]');
  } catch (error) {
    if (!writer.isOpen) return;
    const fault = faultOf(error);
    logger.warn(`Run ${run.runId} broke off: ${fault.code}: ${fault.message}`);
    await writer.send(JSON.stringify(openAiError(fault)));
  } finally {
    writer.end();
  }
}
