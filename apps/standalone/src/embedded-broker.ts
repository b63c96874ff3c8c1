import { connect } from '@onify/fake-amqplib';
import { type BrokerConnect } from '@parley/messaging';

/** An AMQP broker inside this process. It forgets everything with the process: Postgres remembers. */
export const EMBEDDED_BROKER_URL = 'amqp://embedded';

export const connectEmbeddedBroker: BrokerConnect = (url) => connect(url) as ReturnType<BrokerConnect>;
