import { connect, type ChannelModel } from 'amqplib';

/** Opens one AMQP connection. The embedded broker brings another one; everything above is the same code. */
export type BrokerConnect = (url: string) => Promise<ChannelModel>;

const HEARTBEAT_S = '10';
const CONNECT_TIMEOUT_MS = 10_000;

/** A connection to a real RabbitMQ: heartbeats, because a dead peer sends no FIN, and no Nagle, because tokens are small. */
export const connectRabbitMq: BrokerConnect = (url) => {
  const target = new URL(url);
  if (!target.searchParams.has('heartbeat')) target.searchParams.set('heartbeat', HEARTBEAT_S);
  return connect(target.href, { timeout: CONNECT_TIMEOUT_MS, noDelay: true, keepAlive: true });
};
