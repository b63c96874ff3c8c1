import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendCompletion } from './chat-completions.js';
import { embeddingsBody, type VectorOf } from './embeddings.js';
import { echo, isRecord, resolveAnswer, tokenize, type Answer, type Fault, type RecordedRequest } from './script.js';

export interface ProviderStubOptions {
  /** What chat requests are answered; by default the last user message is repeated. */
  answer?: Answer;
  /** Pause between two tokens of answers that name none themselves; default 0. */
  intervalMs?: number;
  /** Pause before the first token of answers that name none themselves; default 0. */
  firstTokenDelayMs?: number;
  /** The only models there are; any other gets 404. Default: every name is a model, three are listed. */
  models?: string[];
  /** Vectors of texts that the caller knows better than the stub. */
  vectorOf?: VectorOf;
  /** Default 0: any free one. */
  port?: number;
}

const DEFAULT_MODELS = ['stub-chat', 'stub-chat-small', 'stub-embedding'];
const BODY_LIMIT_BYTES = 32 * 1024 * 1024;

const ROUTES: Record<string, RecordedRequest['route']> = {
  'POST /v1/chat/completions': 'chat',
  'POST /v1/embeddings': 'embeddings',
  'GET /v1/models': 'models',
  'POST /v1/audio/speech': 'speech',
};

/** Starts a provider to test against; the spec closes it. */
export async function startProviderStub(options: ProviderStubOptions = {}): Promise<ProviderStub> {
  const server = createServer();
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return new ProviderStub(server, options);
}

/** A real HTTP server that speaks OpenAI's protocol and does what the spec tells it, faults included. */
export class ProviderStub {
  /** Scheme, host and port. */
  readonly url: string;
  /** The same with `/v1`, as OpenAI's SDK and `OPENAI_BASE_URL` take it. */
  readonly baseUrl: string;
  readonly apiKey = 'sk-stub';
  /** Every request, oldest first. */
  readonly requests: RecordedRequest[] = [];
  /** May be replaced at any time. */
  answer: Answer;
  private readonly faults: { route: RecordedRequest['route']; fault: Fault }[] = [];

  constructor(
    private readonly server: Server,
    private readonly options: ProviderStubOptions,
  ) {
    this.answer = options.answer ?? echo;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.baseUrl = `${this.url}/v1`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.handle(request, response).catch((error: Error) => sendError(response, 500, error.message));
    });
  }

  /** Lets the next requests of a route fail in this way, instead of giving their answer. */
  failNext(
    fault: Fault,
    { times = 1, route = 'chat' }: { times?: number; route?: RecordedRequest['route'] } = {},
  ): void {
    for (let count = 0; count < times; count++) this.faults.push({ route, fault });
  }

  /** Ends the server and every connection to it, hanging ones too. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    const path = request.url?.split('?')[0] ?? '';
    const route = ROUTES[`${request.method} ${path}`];
    if (!route) return sendError(response, 404, `no route ${request.method} ${path}`);
    if (!body) return sendError(response, 400, 'the body is not a JSON object');
    const recorded: RecordedRequest = { route, path, headers: request.headers, body, tokensSent: 0, aborted: false };
    this.requests.push(recorded);
    response.on('close', () => (recorded.aborted = !response.writableFinished));
    if (!/^Bearer \S+/.test(request.headers.authorization ?? '')) return sendError(response, 401, 'no API key');
    if (route !== 'models' && !this.hasModel(body['model']))
      return sendError(response, 404, 'no such model', 'model_not_found');
    await this.respond(recorded, response);
  }

  private async respond(request: RecordedRequest, response: ServerResponse): Promise<void> {
    const queued = this.takeFault(request.route);
    if (request.route === 'chat') {
      const { intervalMs, firstTokenDelayMs } = this.options;
      const answer = { intervalMs, firstTokenDelayMs, ...resolveAnswer(this.answer, request) };
      const fault = queued ?? answer.fault;
      if (!Array.isArray(request.body['messages'])) return sendError(response, 400, "'messages' must be a list");
      if (!failsAtOnce(fault, response)) await sendCompletion(request, { ...answer, fault }, response);
      return;
    }
    if (failsAtOnce(queued, response)) return;
    if (request.route === 'speech') return speak(request, response);
    if (request.route === 'models') return sendJson(response, this.modelList());
    const embeddings = embeddingsBody(request, this.options.vectorOf);
    return embeddings
      ? sendJson(response, embeddings)
      : sendError(response, 400, "'input' has none of the known forms");
  }

  private takeFault(route: RecordedRequest['route']): Fault | undefined {
    const index = this.faults.findIndex((entry) => entry.route === route);
    return index < 0 ? undefined : this.faults.splice(index, 1)[0]!.fault;
  }

  private hasModel(model: unknown): boolean {
    return typeof model === 'string' && (this.options.models?.includes(model) ?? true);
  }

  private modelList(): object {
    const ids = this.options.models ?? DEFAULT_MODELS;
    return {
      object: 'list',
      data: ids.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'stub' })),
    };
  }
}

/** The text itself stands for the sound of it, a word at a time. */
function speak({ body }: RecordedRequest, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'audio/mpeg' });
  for (const word of tokenize(String(body['input']))) response.write(word);
  response.end();
}

/** Plays the faults that come before the answer's headers; true when one did. */
function failsAtOnce(fault: Fault | undefined, response: ServerResponse): boolean {
  if (fault?.kind === 'hang-before-headers') return true;
  if (fault?.kind !== 'status') return false;
  if (fault.retryAfterSeconds !== undefined) response.setHeader('retry-after', fault.retryAfterSeconds);
  sendError(response, fault.status, fault.message ?? `the stub was told to answer ${fault.status}`);
  return true;
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_LIMIT_BYTES) return null;
    parts.push(part);
  }
  if (size === 0) return {};
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString());
    return isRecord(body) ? body : null;
  } catch {
    return null;
  }
}

function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendError(response: ServerResponse, status: number, message: string, code: string | null = null): void {
  if (response.headersSent) return void response.destroy();
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  const body = { error: { message, type, param: null, code } };
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
