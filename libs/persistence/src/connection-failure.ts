const SOCKET_FAILURES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
const MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|driver not connected|connection is not established/i;

interface Failure {
  code?: unknown;
  message?: unknown;
  /** Of the several addresses of a host. */
  errors?: unknown[];
  /** What TypeORM wrapped. */
  driverError?: unknown;
}

/** SQLSTATE class 08 (connection), 57P (server going away), 53300 (too many connections). */
function isUnavailableSqlState(code: string): boolean {
  return code.length === 5 && (code.startsWith('08') || code.startsWith('57P') || code === '53300');
}

/** Whether Postgres was out of reach, as opposed to having refused the statement. */
export function isConnectionFailure(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message, errors, driverError } = error as Failure;
  if (driverError !== undefined) return isConnectionFailure(driverError);
  if (Array.isArray(errors) && errors.some(isConnectionFailure)) return true;
  if (typeof code === 'string' && (SOCKET_FAILURES.has(code) || isUnavailableSqlState(code))) return true;
  return typeof message === 'string' && MESSAGES.test(message);
}
