import { STATUS_CODES } from 'node:http';
import { type Duplex } from 'node:stream';
import { type ErrorResponse } from './error-response.js';

export interface RawResponse extends ErrorResponse {
  status: number;
  requestId: string;
}

/** Answers on a connection that is no request of the server's, and ends it. */
export function answerRaw(connection: Duplex, { status, requestId, headers, body }: RawResponse): void {
  if (!connection.writable) return void connection.destroy();
  const json = JSON.stringify(body);
  const all = { ...headers, 'x-request-id': requestId, 'content-length': Buffer.byteLength(json), connection: 'close' };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  connection.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${json}`);
}
