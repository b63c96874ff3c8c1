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

/** Reads one streamed completion as a plain client does, without an SDK whose own time would count. */
export async function timedStream({ baseUrl, apiKey, body }: Target): Promise<Timing> {
  const startedAt = performance.now();
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ ...body, stream: true }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok || !response.body) throw new Error(`${response.status}: ${await response.text()}`);
  let firstTokenMs = Number.NaN;
  let text = '';
  let buffer = '';
  let isDone = false;
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
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
  }
  if (!isDone) throw new Error('The stream ended without [DONE].');
  return { firstTokenMs, totalMs: performance.now() - startedAt, text };
}

function contentOf(json: string): string {
  const chunk = JSON.parse(json) as { error?: unknown; choices?: { delta?: { content?: string } }[] };
  if (chunk.error) throw new Error(json);
  return chunk.choices?.[0]?.delta?.content ?? '';
}
