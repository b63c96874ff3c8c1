import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const DEFAULT_PORTS: Record<string, number> = { 'amqp:': 5672, 'postgres:': 5432, 'postgresql:': 5432, 'redis:': 6379 };

/** Starts a {@link TcpProxy} before the server of a URL; the spec closes it. */
export async function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new TcpProxy(server, targetUrl);
}

interface Flow {
  from: Socket;
  to: Socket;
}

/**
 * Stands between a client and a server on loopback and plays the network's failures: the server vanishes, or stays
 * connected and says nothing more.
 */
export class TcpProxy {
  /** The target's URL through the proxy. */
  readonly url: string;
  private readonly target: { host: string; port: number };
  private readonly server: Server;
  private readonly flows = new Set<Flow>();
  private isStalled = false;

  constructor(server: Server, targetUrl: string) {
    const target = new URL(targetUrl);
    this.target = { host: target.hostname, port: Number(target.port) || (DEFAULT_PORTS[target.protocol] ?? 80) };
    this.server = server;
    target.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.url = target.href;
    server.on('connection', (socket) => this.forward(socket));
  }

  /** Resets every connection and refuses new ones until `restore`. */
  sever(): void {
    this.server.close();
    this.cutConnections();
  }

  /** Resets every connection once; new ones are served. */
  cutConnections(): void {
    for (const { from } of this.flows) from.resetAndDestroy();
  }

  /** Accepts and keeps connections, but passes no more bytes in either direction until `restore`. */
  stall(): void {
    this.isStalled = true;
    for (const { from, to } of this.flows) from.unpipe(to);
  }

  /** Directions of connections in which bytes have come that are held back: with HTTP/1.1, requests that wait. */
  get held(): number {
    return [...this.flows].filter(({ from }) => from.readableLength > 0).length;
  }

  async restore(): Promise<void> {
    if (this.isStalled) for (const { from, to } of this.flows) from.pipe(to);
    this.isStalled = false;
    if (this.server.listening) return;
    this.server.listen(Number(new URL(this.url).port), '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** Ends the proxy with all its connections. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.sever();
    await closed;
  }

  private forward(client: Socket): void {
    const upstream = connect(this.target);
    for (const flow of [
      { from: client, to: upstream },
      { from: upstream, to: client },
    ]) {
      const { from, to } = flow;
      this.flows.add(flow);
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.flows.delete(flow);
        to.destroy();
      });
      if (!this.isStalled) from.pipe(to);
      else from.read(0);
    }
  }
}
