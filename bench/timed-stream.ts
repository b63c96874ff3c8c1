import { Agent, type IncomingMessage, request } from 'node:http';

export interface Timing {
  /** From sending the request to the first piece of text, ms. */
  firstTokenMs: number;
  /** From sending the request to `[DONE]`, ms. */
  totalMs: number;
  text: string;
}

export interface Target {
  baseUrl: string;
  apiKey: string;
  body: object;
}

/**
 * `http` reads as cheaply as Node can: the client runs on the machine that it measures, where its own processor time is taken
 * from the server's. `fetch` costs what the SDKs do, three times as much.
 */
export type Client = 'http' | 'fetch';

const TIMEOUT_MS = 60_000;
/** Given up before a server closes them, which a request on its way would not survive. */
const agent = new Agent({ keepAlive: true, timeout: 2_000 });

/** Reads one streamed completion, without an SDK whose own time would count. */
export async function timedStream(target: Target, client: Client = 'http'): Promise<Timing> {
  const startedAt = performance.now();
  let firstTokenMs = Number.NaN;
  let text = '';
  let buffer = '';
  let isDone = false;
  const take = (piece: string) => {
    const lines = (buffer + piece).split('\n');
    buffer = lines.pop()!;
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue;
      if (line === 'data: [DONE]') {
        isDone = true;
        continue;
      }
      const content = contentOf(line.slice(6));
      if (content && text === '') firstTokenMs = performance.now() - startedAt;
      text += content;
    }
  };
  const status = await (client === 'http' ? overHttp(target, take) : withFetch(target, take));
  if (status !== 200) throw new Error(`${status}: ${buffer}`);
  if (!isDone) throw new Error('The stream ended without [DONE].');
  return { firstTokenMs, totalMs: performance.now() - startedAt, text };
}

function requestOf({ baseUrl, apiKey, body }: Target) {
  return {
    url: `${baseUrl}/chat/completions`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ ...body, stream: true }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
}

/** @returns the status, once all is read */
async function overHttp(target: Target, take: (piece: string) => void): Promise<number> {
  const { url, body, headers, ...options } = requestOf(target);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sized = { ...headers, 'content-length': Buffer.byteLength(body) };
    request(url, { ...options, headers: sized, agent })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
  });
  response.setEncoding('utf8');
  await new Promise<void>((resolve, reject) => {
    response.on('data', (piece: string) => {
      try {
        take(piece);
      } catch (error) {
        response.destroy();
        reject(error as Error);
      }
    });
    response.on('end', resolve).on('error', reject);
  });
  return response.statusCode!;
}

async function withFetch(target: Target, take: (piece: string) => void): Promise<number> {
  const { url, ...options } = requestOf(target);
  const response = await fetch(url, options);
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) take(piece);
  return response.status;
}

function contentOf(json: string): string {
  const chunk = JSON.parse(json) as { error?: unknown; choices?: { delta?: { content?: string } }[] };
  if (chunk.error) throw new Error(json);
  return chunk.choices?.[0]?.delta?.content ?? '';
}
