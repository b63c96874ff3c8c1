import { afterEach, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { describeWithPrivateServers } from './describe-with-services.js';
import { eventually } from './eventually.js';
import { startPrivatePostgres, startPrivateRabbitMq } from './private-servers.js';
import { queryPostgres } from './services/postgres-client.js';
import type { Server } from './services/server.js';

describeWithPrivateServers('a private server', () => {
  let server: Server | undefined;
  afterEach(async () => {
    await server?.remove();
    server = undefined;
  });

  it('of RabbitMQ keeps persistent messages over a restart and a kill, on the same port', async () => {
    server = await startPrivateRabbitMq();
    const queue = 'kept';
    await withChannel(server.endpoints.url, async (channel) => {
      await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
      channel.sendToQueue(queue, Buffer.from('1'), { persistent: true });
      await channel.waitForConfirms();
    });
    await server.stop();
    await expect(amqp.connect(server.endpoints.url)).rejects.toThrow(/ECONNREFUSED/);
    await server.start();
    await withChannel(server.endpoints.url, async (channel) => {
      channel.sendToQueue(queue, Buffer.from('2'), { persistent: true });
      await channel.waitForConfirms();
    });
    await server.kill();
    await server.start();
    await withChannel(server.endpoints.url, async (channel) => {
      // A quorum queue's message count lags behind after a crash; only what it delivers tells.
      const bodies: string[] = [];
      await channel.consume(queue, (message) => bodies.push(message!.content.toString()));
      await eventually(() => expect(bodies).toEqual(['1', '2']));
    });
  });

  it('of Postgres keeps what it committed when it is killed', async () => {
    server = await startPrivatePostgres();
    const { url } = server.endpoints;
    await queryPostgres(url, 'create table kept as select 1 as id');
    await server.kill();
    await expect(queryPostgres(url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    await server.start();
    expect(await queryPostgres(url, 'select id from kept')).toEqual([{ id: 1 }]);
  });
});

async function withChannel(url: string, work: (channel: amqp.ConfirmChannel) => Promise<void>): Promise<void> {
  const connection = await amqp.connect(url);
  try {
    await work(await connection.createConfirmChannel());
  } finally {
    await connection.close();
  }
}
