import { type ConsumeMessage } from 'amqplib';
import { readBody } from '../envelope.js';

/** One item of a stream on its way. */
export interface SentItem {
  streamId: string;
  /** From 1, without gaps. */
  seq: number;
  /** Absent where a stream ends without a last item. */
  data?: unknown;
  isLast: boolean;
}

export interface StreamMessage {
  body: unknown;
  properties: { correlationId?: string; headers: Record<string, unknown> };
}

const SEQ = 'x-seq';
const END = 'x-end';
/** An end may carry a last item or none. */
const EMPTY = 'x-empty';
/** The body is a list of items of several streams. */
const BUNDLE = 'x-bundle';

/** In an address it says that the process there reads bundles; those of older versions do not. */
export const BUNDLES = 'bundles';

export function takesBundles(address: string): boolean {
  return address.includes(`.${BUNDLES}.`);
}

/** @param items JSON of each */
export function bundleOf(items: readonly string[]): StreamMessage {
  return { body: Buffer.from(`[${items.join(',')}]`), properties: { headers: { [BUNDLE]: true } } };
}

/** As processes understand it that do not read bundles. */
export function singly({ streamId, seq, isLast, ...item }: SentItem): StreamMessage {
  const isEmpty = !('data' in item);
  const headers = { [SEQ]: seq, ...(isLast && { [END]: true }), ...(isEmpty && { [EMPTY]: true }) };
  return { body: item.data, properties: { correlationId: streamId, headers } };
}

/** @throws DomainError `invalid_request` */
export function readItems(message: ConsumeMessage): SentItem[] {
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  if (headers[BUNDLE] === true) return readBody(message) as SentItem[];
  const streamId = String(message.properties.correlationId);
  const data = headers[EMPTY] === true ? {} : { data: readBody(message) };
  return [{ streamId, seq: Number(headers[SEQ]), isLast: headers[END] === true, ...data }];
}
