import { once } from 'node:events';
import { type ClientRequestArgs, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

const PATIENCE_MS = 30_000;

export interface Heard {
  type: string;
  id: string | null;
  event_id?: number;
  during?: string | null;
  // The shapes of many events.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  [field: string]: any;
}

/** A client that keeps what it hears. */
export class SocketClient {
  readonly heard: Heard[] = [];

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.heard.push(JSON.parse(data.toString()) as Heard);
    });
  }

  static async open(url: string, protocols: string[] = [], options: ClientRequestArgs = {}): Promise<SocketClient> {
    const client = new SocketClient(new WebSocket(url, protocols, options));
    await once(client.socket, 'open');
    return client;
  }

  /** The answer to a connection that is to be refused. */
  static async refused(
    url: string,
    protocols: string[] = [],
    options: ClientRequestArgs = {},
  ): Promise<{ status: number; headers: IncomingMessage['headers']; body: Record<string, unknown> }> {
    const socket = new WebSocket(url, protocols, options);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    let text = '';
    for await (const piece of response) text += String(piece);
    socket.on('error', () => undefined).terminate();
    return {
      status: response.statusCode!,
      headers: response.headers,
      body: JSON.parse(text) as Record<string, unknown>,
    };
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The first event that is such, whether or not it was heard already. */
  async until(matches: (event: Heard) => boolean): Promise<Heard> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = this.heard.find(matches);
      if (found) return found;
      await once(this.socket, 'message', { signal });
    }
  }

  of(id: string): Heard[] {
    return this.heard.filter((event) => event.id === id);
  }

  textOf(id: string): string {
    return this.of(id)
      .map(({ data }) => data?.choices[0]?.delta.content ?? '')
      .join('');
  }

  /** The code with which the socket is closed. */
  async closed(): Promise<number> {
    const [code] = (await once(this.socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [number];
    return code;
  }
}
