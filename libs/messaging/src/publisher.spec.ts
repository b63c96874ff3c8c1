import { EventEmitter } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { type ChannelModel } from 'amqplib';
import { Publisher } from './publisher.js';

const MEGABYTE = 'x'.repeat(1024 * 1024);
const MESSAGE = { exchange: 'parley.direct', routingKey: 'q', body: MEGABYTE, properties: {} };

class StubChannel extends EventEmitter {
  readonly publish = jest.fn(() => false);
  readonly assertExchange = jest.fn(async () => undefined);
}

async function openPublisher() {
  const fast = new StubChannel();
  const confirming = new StubChannel();
  const model = { createChannel: async () => fast, createConfirmChannel: async () => confirming, close: jest.fn() };
  const publisher = new Publisher(50, () => undefined);
  await publisher.open(model as unknown as ChannelModel);
  return { publisher, fast, confirming, model };
}

describe('Publisher', () => {
  it('refuses more when too much waits for a slow broker, and goes on when that has drained', async () => {
    const { publisher, fast } = await openPublisher();
    const unavailable = expect.objectContaining({ code: 'service_unavailable' });
    const sendMuch = () => {
      for (let megabytes = 0; megabytes < 20; megabytes += 1) publisher.send(MESSAGE);
    };
    expect(sendMuch).toThrow(unavailable);
    expect(fast.publish.mock.calls.length).toBeLessThan(18);
    fast.emit('drain');
    expect(() => publisher.send(MESSAGE)).not.toThrow();
  });

  it('fails in time when a confirm does not come', async () => {
    const { publisher } = await openPublisher();
    const message = { ...MESSAGE, properties: { messageId: 'm1' } };
    await expect(publisher.confirmed(message)).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('gives its connection up when a channel closes', async () => {
    const { confirming, model } = await openPublisher();
    confirming.emit('close');
    expect(model.close).toHaveBeenCalledTimes(1);
  });
});
