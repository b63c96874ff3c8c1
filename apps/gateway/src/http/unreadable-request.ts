import { type Socket } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { errorResponseFor } from './error-response.js';
import { answerRaw } from './raw-response.js';

const FAULTS: Readonly<Record<string, { status: number; message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The address and the headers of the request are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request did not arrive in time.' },
};
const MALFORMED = { status: 400, message: 'This is no HTTP request.' };
const REQUEST_LINE = /^[A-Z]+ (\S+)/;

/** What Node's parser refuses never becomes a request: it is answered on the socket, in the dialect of its path. */
export function answerUnreadable(error: Error & { code?: string; rawPacket?: unknown }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const { status, message } = FAULTS[error.code ?? ''] ?? MALFORMED;
  const start = Buffer.isBuffer(error.rawPacket) ? error.rawPacket.toString('latin1', 0, 256) : '';
  const path = REQUEST_LINE.exec(start)?.[1] ?? '/';
  const requestId = uuidv7();
  const fault = { status, code: 'invalid_request', message, param: null, retryAfterMs: undefined } as const;
  answerRaw(socket, { status, requestId, ...errorResponseFor(path, requestId, fault) });
}
