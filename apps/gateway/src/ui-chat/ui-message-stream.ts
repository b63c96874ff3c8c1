import { Logger } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { faultOf } from '../http/fault.js';
import { type Run } from '../runs/run.client.js';
import { settledStart } from '../runs/settled-start.js';
import { SseWriter } from '../runs/sse-writer.js';
import { type ToldUiMessage, type UiMessageChunk, uiMessageChunks } from './ui-message-chunks.js';

const logger = new Logger('UiMessageStream');

/**
 * Sends a run to the AI SDK as it happens. Once it has taken the reply over the status is sent, so that a failure is a part
 * of the stream.
 * @throws DomainError when the run fails at once, before anything is sent
 */
export async function streamUiMessage(reply: FastifyReply, started: Run, told: ToldUiMessage): Promise<void> {
  const run = await settledStart(started);
  const writer = SseWriter.open(reply.header('x-vercel-ai-ui-message-stream', 'v1'));
  const send = (chunk: UiMessageChunk) => writer.send(JSON.stringify(chunk));
  try {
    for await (const chunk of uiMessageChunks(run, told)) {
      await send(chunk);
      if (!writer.isOpen) return;
    }
  } catch (error) {
    if (!writer.isOpen) return;
    const { code, message } = faultOf(error);
    logger.warn(`Run ${run.runId} broke off: ${code}: ${message}`);
    await send({ type: 'message-metadata', messageMetadata: { parley: { error: { code, message } } } });
    await send({ type: 'error', errorText: message });
  } finally {
    if (writer.isOpen) await writer.send('[DONE]');
    writer.end();
  }
}
