import { DomainError, type TenantContext } from '@parley/contracts';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { clientGone } from './client-gone.js';
import { streamCompletion } from './completion-stream.js';
import { type RunClient } from './run.client.js';

/**
 * Where a client wants to go on: `Last-Event-ID`, which an EventSource sends by itself, or else `starting_after`.
 * @throws DomainError `invalid_request`
 */
export function resumePosition(
  { headers }: Pick<FastifyRequest, 'headers'>,
  startingAfter: string | undefined,
): number {
  const header = headers['last-event-id'];
  const [param, text] = header === undefined ? ['starting_after', startingAfter ?? '0'] : ['Last-Event-ID', header];
  const position = /^\d{1,9}$/.test(String(text)) ? Number(text) : null;
  if (position === null) throw new DomainError('invalid_request', `${param} is the id of an event.`, { param });
  return position;
}

/** Sends the rest of a run as chunks of a completion; 204 when there is nothing, on which an EventSource stops. */
export async function streamRest(
  runs: RunClient,
  tenant: TenantContext,
  { runId, after, reply }: { runId: string; after: number; reply: FastifyReply },
): Promise<void> {
  const run = await runs.resume(tenant, runId, after, clientGone(reply.raw));
  if (run) await streamCompletion(reply, run, { includeUsage: true, isResumed: after > 0 });
  else await reply.code(204).send();
}
