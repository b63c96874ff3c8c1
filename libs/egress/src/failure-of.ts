import { EgressError } from './egress-error.js';

const LONGEST_RETRY_AFTER_MS = 3_600_000;
const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);
const CERTIFICATE = /^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/;
/** Answers that another try may change. */
const TRANSIENT_STATUSES = new Set([408, 425, 429]);

/** What went wrong on the way to a host, for the person who named it. */
export function failureOf(error: unknown, host: string): EgressError {
  if (error instanceof EgressError) return error;
  const code = codeOf(error);
  const transient = { cause: error, isTransient: true };
  if (TIMEOUTS.has(code)) return new EgressError('timeout', `${host} takes too long to answer.`, transient);
  if (code === 'ENOTFOUND') {
    return new EgressError('url_unreachable', `There is no host named ${host}.`, { cause: error });
  }
  if (code === 'EAI_AGAIN' || code === 'EAI_FAIL') {
    return new EgressError('url_unreachable', `The name ${host} cannot be looked up.`, transient);
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new EgressError('too_large', `${host} answers with more headers than are read.`, { cause: error });
  }
  if (CERTIFICATE.test(code)) {
    const message = `${host} cannot be reached securely (${code}).`;
    return new EgressError('url_unreachable', message, { cause: error });
  }
  if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI')) {
    return new EgressError('url_unreachable', `${host} sent a page whose compression is damaged.`, transient);
  }
  return new EgressError('url_unreachable', `${host} cannot be reached, or the connection broke off.`, transient);
}

/** An answer that is not the page. */
export function statusFailure(status: number, retryAfter: string | undefined): EgressError {
  const isTransient = status >= 500 || TRANSIENT_STATUSES.has(status);
  const retryAfterMs = isTransient ? pauseOf(retryAfter) : undefined;
  return new EgressError('http_error', `The server answered with status ${status}.`, {
    status,
    isTransient,
    retryAfterMs,
  });
}

/** When all addresses of a host fail, their errors are `errors`; the first tells enough. */
function codeOf(error: unknown): string {
  const { code, errors } = Object(error) as { code?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) return codeOf(errors[0]);
  return typeof code === 'string' ? code : '';
}

/** `Retry-After`: seconds or a date. */
function pauseOf(retryAfter: string | undefined): number | undefined {
  if (!retryAfter) return undefined;
  const milliseconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now();
  return milliseconds > 0 ? Math.min(milliseconds, LONGEST_RETRY_AFTER_MS) : undefined;
}
