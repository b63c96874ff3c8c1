import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorCode } from '@parley/contracts';
import { ERROR_TABLE } from './error-table.js';

/** A failure as a response tells it. */
export interface Fault {
  status: number;
  code: ErrorCode;
  message: string;
  param: string | null;
  retryAfterMs: number | undefined;
}

/** What the framework refuses, in our codes. Its status stays as it is: 405 and 413 have no code of their own. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'invalid_credentials',
  403: 'insufficient_scope',
  404: 'not_found',
  409: 'conflict',
  429: 'rate_limit_exceeded',
  503: 'service_unavailable',
  504: 'timeout',
};

const INTERNAL: Fault = {
  status: 500,
  code: 'internal_error',
  message: 'An internal error occurred.',
  param: null,
  retryAfterMs: undefined,
};

/** Anything that was thrown → what the client is told. Messages of unknown errors stay inside: they may hold internals. */
export function faultOf(exception: unknown): Fault {
  if (exception instanceof DomainError) {
    const { code, message, param = null, retryAfterMs } = exception;
    return { status: ERROR_TABLE[code].status, code, message, param, retryAfterMs };
  }
  const status = statusOf(exception);
  if (status === null) return INTERNAL;
  const code = CODE_OF_STATUS[status] ?? (status < 500 ? 'invalid_request' : 'internal_error');
  if (code === 'internal_error') return INTERNAL;
  return { ...INTERNAL, status, code, message: messageOf(exception as Error, status) };
}

/** Of a Nest exception or of an error that Fastify and its plugins throw; null for a bug of ours. */
function statusOf(exception: unknown): number | null {
  if (exception instanceof HttpException) return exception.getStatus();
  if (!(exception instanceof Error) || !('statusCode' in exception)) return null;
  const { statusCode } = exception;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : null;
}

function messageOf(exception: Error, status: number): string {
  if (status === 413) return 'The request body is too large.';
  if (status === 415) return 'Send the body as application/json, or files as multipart/form-data.';
  if (exception.message === 'Unexpected end of JSON input' || exception.cause instanceof SyntaxError)
    return 'The request body is not valid JSON.';
  return exception.message;
}
