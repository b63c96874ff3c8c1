import { setTimeout as delay } from 'node:timers/promises';

const REQUEST_TIMEOUT_MS = 60_000;
const MAX_TRIES = 6;
const MAX_PAUSE_MS = 30_000;
const WORTH_ANOTHER_TRY = new Set([429, 502, 503, 504]);

/** The installation answered with an error, or not at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** 0 when there was no answer. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Parley's public API. What is refused for now is tried again, with the pause that the answer asks for. */
export class ApiClient {
  private readonly baseUrl: string;
  private readonly apiKey: string;
  private readonly signal: AbortSignal;

  constructor(baseUrl: string, apiKey: string, signal: AbortSignal) {
    this.baseUrl = baseUrl;
    this.apiKey = apiKey;
    this.signal = signal;
  }

  get<T>(path: string): Promise<T> {
    return this.#call('GET', path);
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.#call('POST', path, body);
  }

  delete<T>(path: string): Promise<T> {
    return this.#call('DELETE', path);
  }

  /** A deleted file or store that is not there any more is as good as deleted. */
  async forget(path: string): Promise<void> {
    await this.delete(path).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      this.signal.throwIfAborted();
      const answer = await this.#send(method, path, body);
      if (answer instanceof Response && answer.ok) return (await answer.json()) as T;
      const error = await errorOf(method, path, answer);
      const isTransient = error.status === 0 || WORTH_ANOTHER_TRY.has(error.status);
      if (!isTransient || attempt === MAX_TRIES) throw error;
      await delay(pauseMs(answer, attempt), undefined, { signal: this.signal });
    }
  }

  async #send(method: string, path: string, body?: object): Promise<Response | Error> {
    const isForm = body instanceof FormData;
    try {
      return await fetch(this.baseUrl + path, {
        method,
        headers: {
          authorization: `Bearer ${this.apiKey}`,
          ...(body && !isForm ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: isForm ? body : JSON.stringify(body) } : {}),
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
    } catch (error) {
      this.signal.throwIfAborted();
      return error as Error;
    }
  }
}

async function errorOf(method: string, path: string, answer: Response | Error): Promise<ApiError> {
  if (answer instanceof Error) {
    const reason = (answer.cause as Error | undefined)?.message ?? answer.message;
    return new ApiError(`${method} ${path} was not answered: ${reason}`, 0);
  }
  const text = await answer.text();
  return new ApiError(`${method} ${path} answered ${answer.status}: ${messageIn(text)}`, answer.status);
}

function messageIn(text: string): string {
  try {
    const { error, detail } = JSON.parse(text) as { error?: { message?: string }; detail?: string };
    return error?.message ?? detail ?? text.slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}

function pauseMs(answer: Response | Error, attempt: number): number {
  const asked = answer instanceof Response ? Number(answer.headers.get('retry-after')) * 1000 : 0;
  return Math.min(MAX_PAUSE_MS, asked > 0 ? asked : 250 * 2 ** attempt);
}
