import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import pg from 'pg';
import { describeWithServices } from './describe-with-services.js';
import { redisCommand } from './services/redis-client.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { testServices } from './test-services.js';
import { createTestVhost, type TestVhost } from './test-vhost.js';

describeWithServices('the real services', () => {
  let database: TestDatabase;
  let vhost: TestVhost;

  beforeAll(async () => {
    [database, vhost] = await Promise.all([createTestDatabase(), createTestVhost()]);
  });
  afterAll(async () => {
    await Promise.all([database?.drop(), vhost?.drop()]);
  });

  it('rank half vectors by cosine distance and sparse vectors by inner product', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query('create extension vector');
      await client.query('create table item (id int, dense halfvec(3), terms sparsevec(1000))');
      await client.query(`insert into item values (1, '[1,0,0]', '{7:1}/1000'), (2, '[0.9,0.1,0]', '{7:3,9:1}/1000')`);
      await client.query('create index on item using hnsw (dense halfvec_cosine_ops)');
      const byMeaning = await client.query(`select id from item order by dense <=> '[1,0,0]' limit 1`);
      const byTerms = await client.query(`select id, terms <#> '{7:2}/1000' as score from item order by 2`);
      expect(byMeaning.rows).toEqual([{ id: 1 }]);
      expect(byTerms.rows).toEqual([
        { id: 2, score: -6 },
        { id: 1, score: -2 },
      ]);
    } finally {
      await client.end();
    }
  });

  it('confirm a persistent message to a quorum queue and deliver it', async () => {
    const connection = await amqp.connect(vhost.url);
    try {
      const channel = await connection.createConfirmChannel();
      const { queue } = await channel.assertQueue(randomUUID(), { arguments: { 'x-queue-type': 'quorum' } });
      channel.sendToQueue(queue, Buffer.from('hello'), { persistent: true, mandatory: true });
      await channel.waitForConfirms();
      const message = await channel.get(queue);
      expect(message && message.content.toString()).toBe('hello');
      if (message) channel.ack(message);
    } finally {
      await connection.close();
    }
  });

  it('answer a PING', async () => {
    expect(await redisCommand(testServices().redisUrl, 'PING')).toMatch(/^\+PONG/);
  });
});
