import { type ChannelModel } from 'amqplib';
import { closeQuietly } from '../connection/close-quietly.js';
import { within } from '../connection/deadline.js';

const ANSWER_TIMEOUT_MS = 5_000;
/** The broker itself looks for a leader for five of them before it deletes the queue without one. */
const DELETE_TIMEOUT_MS = 15_000;

/**
 * Deletes a queue that answers nobody, so that whoever subscribes declares it anew: a broker that is killed right after a
 * quorum queue was declared can start its only member without a log, and such a member never becomes a leader. It holds
 * nothing then, and one that tells of messages is left alone.
 * @returns whether it was deleted
 */
export async function removeLeaderlessQueue(model: ChannelModel, queue: string): Promise<boolean> {
  const channel = await within(ANSWER_TIMEOUT_MS, model.createChannel());
  channel.on('error', () => undefined);
  try {
    const { messageCount } = await within(ANSWER_TIMEOUT_MS, channel.checkQueue(queue));
    if (messageCount > 0) return false;
    await within(DELETE_TIMEOUT_MS, channel.deleteQueue(queue));
    return true;
  } finally {
    void closeQuietly(channel);
  }
}
