/** Every code an error can carry, on the wire and between services. Stable: clients branch on them. */
export const ERROR_CODES = [
  'invalid_request',
  'unsupported_parameter',
  'message_too_long',
  'context_length_exceeded',
  'missing_credentials',
  'invalid_credentials',
  'insufficient_scope',
  'not_found',
  'model_not_found',
  'conflict',
  'idempotency_conflict',
  'idempotency_key_reused',
  'knowledge_base_expired',
  'file_too_large',
  'too_many_files',
  'unsupported_file_type',
  'url_refused',
  'rate_limit_exceeded',
  'provider_error',
  'provider_rate_limited',
  'stream_interrupted',
  'run_cancelled',
  'events_expired',
  'timeout',
  'service_unavailable',
  'internal_error',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface DomainErrorOptions {
  /** The request field at fault, as the client wrote it. */
  param?: string | undefined;
  /** When another try makes sense. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/**
 * A failure with a stable code. Class identity is lost between processes, the code is not.
 * The message is shown to clients: it never contains secrets, prompts or internals.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: DomainErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.param = options.param;
    this.retryAfterMs = options.retryAfterMs;
  }

  static notFound(what: string, param?: string): DomainError {
    return new DomainError('not_found', `No such ${what}.`, { param });
  }
}

/** A DomainError as it travels between processes. */
export interface SerializedError {
  code: ErrorCode;
  message: string;
  param?: string;
  retryAfterMs?: number;
}

/** Unknown errors become `internal_error` without their message, which may hold internals. */
export function serializeError(error: unknown): SerializedError {
  if (!(error instanceof DomainError)) return { code: 'internal_error', message: 'An internal error occurred.' };
  return {
    code: error.code,
    message: error.message,
    ...(error.param === undefined ? {} : { param: error.param }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
}

export function deserializeError(error: SerializedError): DomainError {
  const known = (ERROR_CODES as readonly string[]).includes(error.code);
  return new DomainError(known ? error.code : 'internal_error', error.message, error);
}
