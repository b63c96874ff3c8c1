import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { TenantContext } from '@parley/contracts';
import { type MessageBus } from '@parley/messaging';
import { type FastifyReply } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { type ProgressService } from './progress.service.js';

const MOST_STREAMS = 1_000;
const TENANT = TenantContext.of({ tenantId: uuidv7(), userId: uuidv7(), role: 'member' });
const DOCUMENT = { knowledgeBaseId: 'a knowledge base', fileId: 'a file' };

describe('ProgressService', () => {
  /** Of a client that has asked and waits. */
  const reply = () => {
    const raw = Object.assign(new EventEmitter(), { writableFinished: false, destroyed: false });
    return { raw, request: { headers: {} } } as unknown as FastifyReply & { raw: EventEmitter };
  };

  async function start(): Promise<ProgressService> {
    const { ProgressService } = await import('./progress.service.js');
    const request = (_definition: unknown, _request: unknown, _tenant: unknown, options: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => options.signal.addEventListener('abort', () => reject(new Error('gone'))));
    return new ProgressService({ request } as unknown as MessageBus);
  }

  it('refuses a stream too many, says when to come back, and takes one again when another client has gone', async () => {
    const service = await start();
    const replies = Array.from({ length: MOST_STREAMS }, reply);
    const streams = replies.map((each) => service.followJob(TENANT, DOCUMENT, each).catch((error: Error) => error));
    const refused = () => service.followKnowledgeBase(TENANT, 'a knowledge base', reply());
    await expect(refused()).rejects.toMatchObject({
      code: 'service_unavailable',
      message: 'Too many event streams are open.',
      retryAfterMs: expect.any(Number),
    });
    replies[0]!.raw.emit('close');
    expect(await streams[0]).toMatchObject({ message: 'gone' });
    const next = service.followJob(TENANT, DOCUMENT, reply()).catch((error: Error) => error);
    await expect(refused()).rejects.toMatchObject({ code: 'service_unavailable' });
    service.beforeApplicationShutdown();
    expect(await Promise.all([...streams, next])).toHaveLength(MOST_STREAMS + 1);
  });
});
