import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { requestScope } from '@parley/observability';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { createOutbox, describeOnPostgres, type OutboxDatabase } from '../fixtures/outbox-database.fixture.js';
import { TENANT } from '../fixtures/test-app.fixture.js';
import { messagesOf } from '../fixtures/test-messages.fixture.js';
import { outboxDdl } from './outbox-ddl.js';
import { OutboxRepository } from './outbox.repository.js';

const { Work } = messagesOf('memory');

describe('outboxDdl', () => {
  it('refuses a schema name that would need quoting', () => {
    expect(() => outboxDdl('memory; drop table x')).toThrow(TypeError);
  });
});

describeOnPostgres('the outbox', (url) => {
  let outbox: OutboxDatabase;
  let repository: OutboxRepository;
  const tx = <T>(work: Parameters<OutboxDatabase['inTransaction']>[0]) => outbox.inTransaction(work) as Promise<T>;
  const claim = (token: string, { durationMs = 60_000, limit = 100 } = {}) =>
    outbox.inTransaction((manager) => repository.claim(manager, { token, durationMs, limit }));
  const add = (task: string, options = {}) =>
    outbox.inTransaction((manager) => repository.add(manager, Work, { task }, TENANT, options));

  beforeEach(async () => {
    outbox = await createOutbox(new DataSource({ type: 'postgres', url, poolSize: 5, installExtensions: false }));
    repository = new OutboxRepository(outbox.schema);
  });

  afterEach(() => outbox.drop());

  it('gives a command back as it was added', async () => {
    const messageId = await requestScope.run({ requestId: 'req-1' }, () => add('a'));
    await expect(claim(uuidv7())).resolves.toEqual([
      {
        messageId,
        name: Work.name,
        payload: { task: 'a' },
        tenant: TENANT,
        requestId: 'req-1',
        attempt: 1,
        failures: 0,
      },
    ]);
  });

  it('holds nothing of a transaction that fails', async () => {
    const failing = tx(async (manager) => {
      await repository.add(manager, Work, { task: 'a' }, TENANT);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await expect(outbox.rows()).resolves.toEqual([]);
  });

  it('keeps one command when the same id is added twice', async () => {
    const messageId = uuidv7();
    await add('first', { messageId });
    await add('second', { messageId });
    await expect(outbox.rows()).resolves.toEqual([
      expect.objectContaining({ id: messageId, payload: { task: 'first' } }),
    ]);
  });

  it('gives a command to one relay until its lease ends', async () => {
    await add('a');
    await expect(claim(uuidv7(), { durationMs: 50 })).resolves.toHaveLength(1);
    await expect(claim(uuidv7())).resolves.toHaveLength(0);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await expect(claim(uuidv7())).resolves.toHaveLength(1);
  });

  it('divides what is due among relays that claim at the same time', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => add(`task ${index}`)));
    const claims = await Promise.all([1, 2, 3, 4].map(() => claim(uuidv7(), { limit: 20 })));
    const ids = claims.flat().map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(claims.every((claimed) => claimed.length <= 20)).toBe(true);
  });

  it('does not give what is not yet due', async () => {
    await add('later', { dueAt: new Date(Date.now() + 60_000) });
    await add('now', { dueAt: new Date(Date.now() - 60_000) });
    const claimed = await claim(uuidv7());
    expect(claimed.map(({ payload }) => payload)).toEqual([{ task: 'now' }]);
  });

  it('takes the word of the leaseholder alone for what was sent or failed', async () => {
    const messageId = await add('a');
    const [token, other] = [uuidv7(), uuidv7()];
    await claim(token);
    await tx((manager) => repository.markSent(manager, other, [messageId]));
    await tx((manager) => repository.markFailed(manager, other, messageId, { error: 'x', dueAt: new Date() }));
    await expect(outbox.rows()).resolves.toEqual([expect.objectContaining({ sent_at: null, attempts: 0 })]);
    await tx((manager) => repository.markSent(manager, token, [messageId]));
    await expect(outbox.rows()).resolves.toEqual([
      expect.objectContaining({ sent_at: expect.any(Date), lease_token: null }),
    ]);
    await expect(claim(uuidv7())).resolves.toHaveLength(0);
  });

  it('counts failures and waits for the next try', async () => {
    const messageId = await add('a');
    const token = uuidv7();
    await claim(token);
    const dueAt = new Date(Date.now() + 40);
    await tx((manager) => repository.markFailed(manager, token, messageId, { error: 'no queue', dueAt }));
    await expect(outbox.rows()).resolves.toEqual([
      expect.objectContaining({ attempts: 1, last_error: 'no queue', due_at: dueAt }),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await expect(claim(uuidv7())).resolves.toEqual([expect.objectContaining({ messageId, failures: 1, attempt: 1 })]);
  });

  it('sends a command again for its next attempt, and once however often that is asked for', async () => {
    const messageId = await add('a');
    const token = uuidv7();
    const [sent] = await claim(token);
    await tx((manager) => repository.markSent(manager, token, [messageId]));
    const next = { ...sent!, attempt: 2 };
    const past = new Date(Date.now() - 1);
    await tx((manager) => repository.addRetry(manager, next, past));
    const second = uuidv7();
    await expect(claim(second)).resolves.toEqual([expect.objectContaining({ messageId, attempt: 2 })]);
    await tx((manager) => repository.markSent(manager, second, [messageId]));
    await tx((manager) => repository.addRetry(manager, next, past));
    await expect(claim(uuidv7())).resolves.toEqual([]);
  });

  it('keeps the retry of a command that came from another outbox', async () => {
    const command = {
      messageId: uuidv7(),
      name: Work.name,
      payload: { task: 'a' },
      tenant: TENANT,
      requestId: 'r',
      attempt: 3,
    };
    await tx((manager) => repository.addRetry(manager, command, new Date(Date.now() - 1)));
    await expect(claim(uuidv7())).resolves.toEqual([{ ...command, failures: 0 }]);
  });

  it('counts what waits and forgets what was sent long ago, some at a time', async () => {
    const ids = await Promise.all(['a', 'b', 'c'].map((task) => add(task)));
    await add('waiting', { dueAt: new Date(Date.now() - 5_000) });
    const token = uuidv7();
    await claim(token);
    await tx((manager) => repository.markSent(manager, token, ids));
    await tx((manager) => repository.prune(manager, new Date(Date.now() + 1_000), 2));
    await expect(outbox.rows()).resolves.toHaveLength(2);
    const statistics = await outbox.inTransaction((manager) => repository.statistics(manager));
    expect(statistics.pending).toBe(1);
    expect(statistics.oldestAgeMs).toBeGreaterThanOrEqual(5_000);
  });
});
