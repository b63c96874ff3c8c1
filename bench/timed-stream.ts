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

const TIMEOUT_MS = 60_000;
/** Given up before a server closes them, which a request on its way would not survive. */
const agent = new Agent({ keepAlive: true, timeout: 2_000 });

/**
 * Reads one streamed completion as cheaply as Node can, without an SDK and without fetch: the client runs on the machine
 * that it measures, and its own processor time would count as the server's.
 */
export async function timedStream(target: Target): Promise<Timing> {
  const startedAt = performance.now();
  const response = await post(target);
  response.setEncoding('utf8');
  let firstTokenMs = Number.NaN;
  let text = '';
  let buffer = '';
  let isDone = false;
  const read = (piece: string) => {
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
  await new Promise<void>((resolve, reject) => {
    response.on('data', (piece: string) => {
      try {
        read(piece);
      } catch (error) {
        response.destroy();
        reject(error as Error);
      }
    });
    response.on('end', resolve).on('error', reject);
  });
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${buffer}`);
  if (!isDone) throw new Error('The stream ended without [DONE].');
  return { firstTokenMs, totalMs: performance.now() - startedAt, text };
}

function post({ baseUrl, apiKey, body }: Target): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const payload = JSON.stringify({ ...body, stream: true });
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(payload),
      authorization: `Bearer ${apiKey}`,
    };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    request(`${baseUrl}/chat/completions`, { method: 'POST', headers, agent, signal })
      .on('response', resolve)
      .on('error', reject)
      .end(payload);
  });
}

function contentOf(json: string): string {
  const chunk = JSON.parse(json) as { error?: unknown; choices?: { delta?: { content?: string } }[] };
  if (chunk.error) throw new Error(json);
  return chunk.choices?.[0]?.delta?.content ?? '';
}
