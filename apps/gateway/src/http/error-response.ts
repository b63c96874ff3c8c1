import { ERROR_TABLE } from './error-table.js';
import { type Fault } from './fault.js';

export interface ErrorResponse {
  headers: Record<string, string>;
  body: object;
}

/** OpenAI's clients parse OpenAI's shape; everybody else gets RFC 9457 problem details. */
export function errorResponseFor(path: string, requestId: string, fault: Fault): ErrorResponse {
  const speaksOpenAi = path === '/v1' || path.startsWith('/v1/');
  const headers = { ...retryHeaders(fault), ...challenge(fault), 'cache-control': 'no-store' };
  return speaksOpenAi
    ? { headers: { ...headers, 'content-type': 'application/json; charset=utf-8' }, body: openAiError(fault) }
    : {
        headers: { ...headers, 'content-type': 'application/problem+json; charset=utf-8' },
        body: problem(fault, requestId),
      };
}

/** `{"error": …}` as the official SDKs read it; also sent inside a running event stream. All four keys are always there. */
export function openAiError({ code, message, param }: Pick<Fault, 'code' | 'message' | 'param'>): { error: object } {
  return { error: { message, type: ERROR_TABLE[code].openaiType, param, code } };
}

/** RFC 9457. */
function problem({ status, code, message, param }: Fault, requestId: string): object {
  return {
    type: `urn:parley:error:${code}`,
    title: ERROR_TABLE[code].title,
    status,
    detail: message,
    code,
    ...(param === null ? {} : { param }),
    request_id: requestId,
  };
}

/** RFC 9110 §10.2.3 in seconds, and the finer header that OpenAI's SDKs prefer. Those also retry 409, which cannot help. */
function retryHeaders({ status, retryAfterMs = 1_000 }: Fault): Record<string, string> {
  if (status === 409) return { 'x-should-retry': 'false' };
  if (status !== 429 && status !== 503) return {};
  return {
    'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))),
    'retry-after-ms': String(Math.ceil(retryAfterMs)),
  };
}

/** RFC 6750 §3. */
function challenge({ code }: Fault): Record<string, string> {
  if (code === 'missing_credentials') return { 'www-authenticate': 'Bearer realm="parley"' };
  if (code === 'invalid_credentials') return { 'www-authenticate': 'Bearer realm="parley", error="invalid_token"' };
  return {};
}
