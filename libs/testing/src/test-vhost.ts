import { randomBytes } from 'node:crypto';
import { managementRequest } from './services/rabbitmq-client.js';
import { testServices } from './test-services.js';

export interface TestVhost {
  name: string;
  /** AMQP URL of the vhost. */
  url: string;
  /** Deletes the vhost with all its queues; the broker closes connections to it. */
  drop(): Promise<void>;
}

/** A vhost of the spec's own on the real broker, made through its HTTP API. */
export async function createTestVhost(): Promise<TestVhost> {
  const { rabbitmqUrl, rabbitmqManagementUrl } = testServices();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = new URL(rabbitmqUrl);
  const user = url.username || 'guest';
  const everything = { configure: '.*', write: '.*', read: '.*' };
  await managementRequest(rabbitmqManagementUrl, 'PUT', `/api/vhosts/${name}`, {});
  await managementRequest(rabbitmqManagementUrl, 'PUT', `/api/permissions/${name}/${user}`, everything);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    drop: async () => void (await managementRequest(rabbitmqManagementUrl, 'DELETE', `/api/vhosts/${name}`)),
  };
}
