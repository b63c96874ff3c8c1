import { expect } from '@jest/globals';

export interface ApiRequest {
  /** An object goes as JSON, a form as it is, text and bytes under `type`. */
  body?: object | string | Uint8Array<ArrayBuffer> | FormData;
  /** Content type of text and bytes; default `application/json`. */
  type?: string;
  headers?: Record<string, string>;
  /** Instead of the client's; null sends none. */
  key?: string | null;
}

export interface ApiAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** Null when the answer is no JSON object. */
  json: Record<string, unknown> | null;
}

export interface ExpectedError {
  status: number;
  code: string;
  /** Absent means that no field is at fault. */
  param?: string | null;
}

const DEADLINE_MS = 60_000;

/** Plain HTTP to a suite, for what no SDK would send. */
export class ApiClient {
  constructor(
    private readonly baseUrl: string,
    private readonly apiKey: string,
  ) {}

  async call(method: string, path: string, request: ApiRequest = {}): Promise<ApiAnswer> {
    const { body, type, headers = {}, key = this.apiKey } = request;
    const isForm = body instanceof FormData;
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined || isForm ? {} : { 'content-type': type ?? 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm || isRaw ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }

  async id(method: string, path: string, request: ApiRequest): Promise<string> {
    const { status, json, text } = await this.call(method, path, request);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text}`);
    return json!['id'] as string;
  }
}

/** The whole error in the shape of its dialect: OpenAI's under `/v1`, RFC 9457 elsewhere. */
export function expectError(path: string, answer: ApiAnswer, { status, code, param = null }: ExpectedError): void {
  const requestId = answer.headers.get('x-request-id');
  expect(requestId).toMatch(/^[\w.:-]{1,128}$/);
  const type = answer.headers.get('content-type');
  if (path.startsWith('/v1')) {
    expect({ ...answer, headers: type }).toMatchObject({
      status,
      headers: 'application/json; charset=utf-8',
      json: { error: { message: expect.stringMatching(/\S/), type: expect.stringMatching(/_error$/), param, code } },
    });
    return;
  }
  expect({ ...answer, headers: type }).toMatchObject({
    status,
    headers: 'application/problem+json; charset=utf-8',
    json: {
      type: `urn:parley:error:${code}`,
      title: expect.stringMatching(/\S/),
      detail: expect.stringMatching(/\S/),
      status,
      code,
      request_id: requestId,
    },
  });
  expect(answer.json!['param'] ?? null).toBe(param);
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}
