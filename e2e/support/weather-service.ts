import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

/** A web service that an assistant's tool asks; it answers only when it is told to. */
export class WeatherService {
  /** Questions that wait for their answer. */
  readonly waiting: ServerResponse[] = [];
  isAnswering = true;

  private constructor(private readonly server: Server) {
    server.on('request', (_request, response: ServerResponse) => {
      if (this.isAnswering) response.end('{"sky":"clear"}');
      else this.waiting.push(response);
    });
  }

  static async start(): Promise<WeatherService> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WeatherService(server);
  }

  /** What lets a chat service ask it. */
  get environment(): Record<string, string> {
    const host = '127.0.0.1';
    return { HTTP_TOOL_ALLOWED_HOSTS: host, EGRESS_ALLOWED_HOSTS: host, EGRESS_PORTS: String(this.#port) };
  }

  /** As an assistant's tool. */
  get tool(): object {
    const url = `http://127.0.0.1:${this.#port}/sky`;
    return { type: 'http', name: 'weather', description: 'The sky', parameters: {}, url };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  get #port(): number {
    return (this.server.address() as AddressInfo).port;
  }
}
