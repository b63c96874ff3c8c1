import amqp from 'amqplib';

/**
 * A request to RabbitMQ's HTTP API; returns the parsed answer, null when it has no body.
 * Throws when it is not 2xx or takes longer than 10 s.
 */
export async function managementRequest(
  managementUrl: string,
  method: 'GET' | 'PUT' | 'DELETE' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  const url = new URL(managementUrl);
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const response = await fetch(`${url.origin}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`RabbitMQ management ${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return text ? (JSON.parse(text) as unknown) : null;
}

/** Opens and closes an AMQP connection; returns the version the broker told on it. */
export async function rabbitMqVersion(url: string): Promise<string> {
  const connection = await amqp.connect(url, { timeout: 5_000 });
  connection.on('error', () => undefined);
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return version;
}
