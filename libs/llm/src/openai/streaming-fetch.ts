import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici';

/** As Node's own fetch: through the proxy of the environment where Node is told to heed it. */
const dispatcher: Dispatcher = process.env['NODE_USE_ENV_PROXY'] === '1' ? new EnvHttpProxyAgent() : new Agent();

/**
 * `fetch` for streamed answers at a fifth of the processor time: the body of the response is a Node stream, without the
 * layers of web streams. Redirects are left to fetch.
 */
export async function streamingFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const { body, method, signal = null } = init;
  if (input instanceof Request || typeof body !== 'string') return fetch(input, init);
  const answer = await request(input, {
    ...{ method: method as Dispatcher.HttpMethod, body, signal, dispatcher },
    headers: { ...Object.fromEntries(new Headers(init.headers)), 'accept-encoding': 'identity' },
  });
  const { statusCode: status } = answer;
  if (status >= 200 && status < 300) return streamed(answer);
  if (status >= 300 && status < 400) {
    await answer.body.dump();
    return fetch(input, init);
  }
  return new Response(await answer.body.bytes(), { status, headers: headersOf(answer) });
}

function streamed(answer: Dispatcher.ResponseData): Response {
  const response = new Response(null, { status: answer.statusCode, headers: headersOf(answer) });
  return Object.defineProperty(response, 'body', { value: answer.body });
}

function headersOf({ headers }: Dispatcher.ResponseData): Headers {
  return new Headers(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]));
}
