export type EgressErrorCode =
  'url_refused' | 'url_unreachable' | 'http_error' | 'too_large' | 'timeout' | 'unsupported';

export interface EgressErrorOptions {
  /** What the server answered, when it was that. */
  status?: number | undefined;
  /** Whether another try may end differently. */
  isTransient?: boolean;
  /** How long the server asked to be left alone. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** A request that came to nothing. The code is stable; the message is for whoever named the address, and tells no addresses of hosts. */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly status: number | undefined;
  readonly isTransient: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: EgressErrorCode,
    message: string,
    { status, isTransient = false, retryAfterMs, cause }: EgressErrorOptions = {},
  ) {
    super(message, { cause });
    this.status = status;
    this.isTransient = isTransient;
    this.retryAfterMs = retryAfterMs;
  }
}

export function refused(message: string): EgressError {
  return new EgressError('url_refused', message);
}
