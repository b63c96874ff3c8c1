import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-code.js';

const TIMEOUT_MS = 30_000;
const DEFAULT_URL = 'http://localhost:3001';

export interface ApiTarget {
  url: string;
  apiKey: string;
}

/**
 * Which installation, and as whom: what was given, else PARLEY_URL and PARLEY_API_KEY, else what `npm start` wrote down.
 * @throws CliError when there is no key
 */
export function apiTarget(environment: NodeJS.ProcessEnv, given: { url?: string }): ApiTarget {
  const url = given.url ?? environment['PARLEY_URL'];
  const apiKey = environment['PARLEY_API_KEY'];
  if (apiKey) return { url: (url ?? DEFAULT_URL).replace(/\/+$/, ''), apiKey };
  const written = url === undefined ? writtenDown(environment) : null;
  if (written) return { url: written.baseUrl, apiKey: written.apiKey };
  throw new CliError(
    EXIT.usage,
    'PARLEY_API_KEY is not set.',
    'An administrator makes one: POST /api/v1/api-keys. npm start writes one down, and is found from its folder.',
  );
}

function writtenDown(environment: NodeJS.ProcessEnv): { baseUrl: string; apiKey: string } | null {
  try {
    return JSON.parse(readFileSync(join(environment['PARLEY_DATA_DIR'] || '.parley', 'credentials.json'), 'utf8'));
  } catch {
    return null;
  }
}

/** The public API of an installation. */
export class ApiClient {
  constructor(
    readonly target: ApiTarget,
    private readonly signal: AbortSignal,
  ) {}

  async json<T>(method: string, path: string, body?: object): Promise<T> {
    return (await (await this.send(method, path, body)).json()) as T;
  }

  /** @throws CliError with what the API says; `unreachable` when it says nothing */
  async send(method: string, path: string, body?: object, timeoutMs = TIMEOUT_MS): Promise<Response> {
    const isForm = body instanceof FormData;
    const response = await fetch(this.target.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.target.apiKey}`,
        ...(body && !isForm ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: isForm ? body : JSON.stringify(body) } : {}),
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(timeoutMs)]),
    }).catch((error: unknown) => {
      if (this.signal.aborted) throw error;
      throw new CliError(EXIT.unreachable, `${this.target.url} does not answer: ${reasonOf(error)}`, null, {
        cause: error,
      });
    });
    if (response.ok) return response;
    throw await refusal(method, path, response);
  }
}

async function refusal(method: string, path: string, response: Response): Promise<CliError> {
  const text = await response.text().catch(() => '');
  const isDown = response.status === 502 || response.status === 503 || response.status === 504;
  return new CliError(
    isDown ? EXIT.unreachable : EXIT.failed,
    `${method} ${path} answered ${response.status}: ${messageOf(text)}`,
    response.status === 401 ? 'Is PARLEY_API_KEY a key of this installation?' : null,
  );
}

/** Of both shapes of errors, OpenAI's and problem details. */
function messageOf(text: string): string {
  try {
    const { error, detail, title } = JSON.parse(text) as {
      error?: { message?: string };
      detail?: string;
      title?: string;
    };
    return error?.message ?? detail ?? title ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message ? cause.message : message;
}
