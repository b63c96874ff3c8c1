import { describe, expect, it, jest } from '@jest/globals';
import { type ConsumeMessage } from 'amqplib';
import { type Envelope } from '../envelope.js';
import { TENANT } from '../fixtures/test-app.fixture.js';
import { Publisher } from '../publisher.js';
import { Redelivery, type ScheduleRetry } from './redelivery.js';

const QUEUE = 'parley.memory.work.v1';
const ENVELOPE: Envelope = {
  tenant: TENANT,
  messageId: 'm1',
  requestId: 'r1',
  deadline: null,
  attempt: 2,
  redelivered: false,
};

function setUp(scheduleRetry?: ScheduleRetry) {
  const publisher = new Publisher(100, () => undefined);
  const confirmed = jest.spyOn(publisher, 'confirmed').mockResolvedValue();
  const redelivery = new Redelivery({ queue: QUEUE, wireName: 'memory.work.v1', publisher, scheduleRetry });
  const message = { content: Buffer.from('{"task":"a"}') } as ConsumeMessage;
  return { redelivery, confirmed, message, signal: new AbortController().signal };
}

describe('Redelivery', () => {
  it('keeps a retry in the outbox until it is due, where there is one', async () => {
    const scheduleRetry = jest.fn<ScheduleRetry>().mockResolvedValue();
    const { redelivery, confirmed, message, signal } = setUp(scheduleRetry);
    const before = Date.now();
    await redelivery.retry(message, ENVELOPE, 60_000, signal);
    const [command, dueAt] = scheduleRetry.mock.calls[0]!;
    expect(command).toEqual({
      messageId: 'm1',
      name: 'memory.work.v1',
      payload: { task: 'a' },
      tenant: TENANT,
      requestId: 'r1',
      attempt: 3,
    });
    expect(dueAt.getTime()).toBeGreaterThanOrEqual(before + 60_000);
    expect(confirmed).not.toHaveBeenCalled();
  });

  it('puts a retry back into its own queue otherwise', async () => {
    const { redelivery, confirmed, message, signal } = setUp();
    await redelivery.retry(message, ENVELOPE, 1, signal);
    expect(confirmed).toHaveBeenCalledWith({
      exchange: 'parley.direct',
      routingKey: QUEUE,
      body: message.content,
      properties: expect.objectContaining({
        messageId: 'm1',
        persistent: true,
        mandatory: true,
        headers: expect.objectContaining({ 'x-attempt': 3 }),
      }),
    });
  });

  it('does not wait for the delay when the app stops', async () => {
    const { redelivery, confirmed, message } = setUp();
    await redelivery.retry(message, ENVELOPE, 60_000, AbortSignal.abort());
    expect(confirmed).toHaveBeenCalledTimes(1);
  });
});
