import { DomainError } from '@parley/contracts';
import { APIConnectionError, APIConnectionTimeoutError, APIError, OpenAIError } from 'openai';
import { ProviderFailure } from '../policy/provider-failure.js';

export interface FailureContext {
  model: string;
  /** Cut out of whatever the provider says. */
  apiKey?: string | undefined;
  /** By the models file, as opposed to the environment's settings. */
  isDeclared?: boolean;
}

const MAX_MESSAGE_LENGTH = 300;
const CONTEXT_EXCEEDED = /context[ _](length|window|size)|maximum context|context the overflows|prompt is too long/i;
/** Gemini says so with status 400. */
const KEY_REFUSED = /api[ _-]?key (is )?(not valid|invalid|expired|missing)|(invalid|incorrect|missing) api[ _-]?key/i;
/** What gateways in front of a provider say, and providers themselves when they take nothing at all. */
const OUT_OF_SERVICE = new Set([502, 503, 504, 529]);
const UNKNOWN_MODEL = /model/i;
/** Fields that we choose, not the client. */
const OUR_FIELDS = new Set(['max_tokens', 'max_completion_tokens', 'stream_options', 'encoding_format']);

/** What a provider said, fit to be shown: bounded and without the key. */
function said(error: APIError, { apiKey }: FailureContext): string {
  const body = error.error as { message?: unknown } | undefined;
  const text = typeof body?.message === 'string' ? body.message : error.message;
  const redacted = apiKey ? text.replaceAll(apiKey, '[key]') : text;
  return redacted.length > MAX_MESSAGE_LENGTH ? `${redacted.slice(0, MAX_MESSAGE_LENGTH)}…` : redacted;
}

/** `retry-after-ms`, then `retry-after` in seconds or as a date (RFC 9110, section 10.2.3). */
export function retryAfterMs(headers: Headers | undefined, now = Date.now()): number | undefined {
  const exact = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (exact >= 0) return exact;
  const header = headers?.get('retry-after') ?? '';
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}

/** The SDK's errors as ours. Messages name neither key nor endpoint; the cause is for the operator's log. */
export function toProviderFailure(error: unknown, context: FailureContext): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof APIConnectionTimeoutError) return unreachable('timeout', 'did not answer in time', error);
  if (error instanceof APIConnectionError) return unreachable('provider_error', 'cannot be reached', error);
  if (error instanceof APIError) return refused(error, context);
  if (error instanceof SyntaxError || error instanceof OpenAIError) {
    return new ProviderFailure('provider_error', 'The language model provider sent something unreadable.', {
      retryable: true,
      outage: true,
      cause: error,
    });
  }
  return unreachable('provider_error', 'broke the connection', error);
}

function unreachable(code: 'timeout' | 'provider_error', what: string, cause: unknown): ProviderFailure {
  const options = { retryable: true, outage: true, away: true, cause };
  return new ProviderFailure(code, `The language model provider ${what}.`, options);
}

/** A status, or none when the error came as an event of a running stream. */
function refused(error: APIError, context: FailureContext): ProviderFailure {
  const message = said(error, context);
  if (error.status === 429 || isRateLimit(error)) return rateLimited(error, message);
  if (error.status === 401 || error.status === 403 || (error.status === 400 && KEY_REFUSED.test(message))) {
    return new ProviderFailure(
      'provider_error',
      `The language model provider refused the credentials: check ${context.isDeclared ? 'its key' : 'OPENAI_API_KEY'}.`,
      { cause: new Error(`status ${error.status}`) },
    );
  }
  if (isContextExceeded(error, message)) return new ProviderFailure('context_length_exceeded', message);
  if (error.code === 'model_not_found' || (error.status === 404 && UNKNOWN_MODEL.test(message))) {
    return new ProviderFailure('model_not_found', `The model ${context.model} does not exist at the provider.`, {
      param: 'model',
    });
  }
  if (error.status === 404) {
    return new ProviderFailure(
      'provider_error',
      `The language model provider has no such endpoint: check ${context.isDeclared ? 'its base_url' : 'OPENAI_BASE_URL'}, which usually ends in /v1.`,
    );
  }
  if (error.status === 400 || error.status === 413 || error.status === 422) return badRequest(error, message);
  return failed(error, message);
}

function isRateLimit(error: APIError): boolean {
  return error.status === undefined && [error.code, error.type].some((name) => /rate_limit/.test(String(name)));
}

function isContextExceeded(error: APIError, message: string): boolean {
  return (
    error.code === 'context_length_exceeded' ||
    error.type === 'exceed_context_size_error' ||
    ((error.status === 400 || error.status === undefined) && CONTEXT_EXCEEDED.test(message))
  );
}

function rateLimited(error: APIError, message: string): ProviderFailure {
  const exhausted = error.code === 'insufficient_quota';
  return new ProviderFailure(
    'provider_rate_limited',
    exhausted ? "The language model provider's quota is used up." : 'The language model provider limits the rate.',
    { retryable: !exhausted, retryAfterMs: retryAfterMs(error.headers), cause: new Error(message) },
  );
}

function badRequest(error: APIError, message: string): ProviderFailure {
  const param = typeof error.param === 'string' ? error.param : undefined;
  if (param !== undefined && OUR_FIELDS.has(param)) {
    return new ProviderFailure('provider_error', `The language model provider does not accept ${param}.`, {
      cause: new Error(message),
    });
  }
  return new ProviderFailure('invalid_request', `The language model provider refused the request: ${message}`, {
    param,
  });
}

function failed(error: APIError, message: string): ProviderFailure {
  const { status, headers } = error;
  const how = status === undefined ? 'failed while it answered' : `failed with status ${status}`;
  const outage = status === undefined || status >= 500;
  return new ProviderFailure('provider_error', `The language model provider ${how}.`, {
    retryable: (outage || status === 408 || status === 409) && headers?.get('x-should-retry') !== 'false',
    outage,
    away: status !== undefined && OUT_OF_SERVICE.has(status),
    retryAfterMs: retryAfterMs(headers),
    cause: new Error(message),
  });
}
