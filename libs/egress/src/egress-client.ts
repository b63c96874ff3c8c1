import { type LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { Client, type Dispatcher } from 'undici';
import { checkedConnector } from './checked-connector.js';
import { EgressError, refused } from './egress-error.js';
import { type EgressPolicy, hostOf } from './egress-policy.js';
import { Exchange } from './exchange.js';
import { failureOf, statusFailure } from './failure-of.js';
import { ACCEPTED_ENCODINGS, decodedBody, tooLarge } from './response-body.js';

export interface EgressOptions {
  userAgent: string;
  connectTimeoutMs: number;
  responseTimeoutMs: number;
  totalTimeoutMs: number;
  /** Trusted besides the usual certificate authorities. */
  ca?: string;
  /** All addresses of a name; by default what the system says. */
  resolve?: (host: string) => Promise<LookupAddress[]>;
}

export interface EgressRequest {
  /** Of the body, before and after decompression. */
  maxBytes: number;
  /** Whether a body of this media type (in lower case, without parameters; empty when not declared) is wanted. */
  accepts: (mediaType: string) => boolean;
  /** Of the answer that is known already: the server may then say that it still holds. */
  known?: { etag?: string | null; lastModified?: string | null } | undefined;
  /** Sent to the first server alone: a redirect to another one does not get them. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Narrows where the request may go, redirects included; by default wherever the policy allows. */
  allowsHost?: ((host: string) => boolean) | undefined;
  signal?: AbortSignal | undefined;
}

export interface EgressResponse {
  /** Where the redirects led. */
  url: URL;
  /** The known answer still holds; `body` is empty. */
  isNotModified: boolean;
  /** As declared, parameters included; empty when not declared. */
  contentType: string;
  etag: string | null;
  lastModified: string | null;
  /** To be read to its end or destroyed; fails with an EgressError. */
  body: Readable;
}

interface Hop {
  url: URL;
  response: Dispatcher.ResponseData;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The one way out to addresses that strangers name. A host is resolved once, its addresses are checked, and the connection
 * goes to a checked one; so it is again for each redirect. No proxy, no cookies, no state between requests.
 */
export class EgressClient {
  constructor(
    private readonly policy: EgressPolicy,
    private readonly options: EgressOptions,
  ) {}

  /** @throws EgressError; the signal's reason on abort */
  async get(text: string, request: EgressRequest): Promise<EgressResponse> {
    const url = this.#checked(text, request);
    const exchange = new Exchange(url.hostname, this.options.totalTimeoutMs, request.signal);
    try {
      return this.#answerOf(await this.#follow(url, request, exchange), request, exchange);
    } catch (error) {
      const failure = exchange.failure ?? failureOf(error, exchange.host);
      exchange.end();
      throw failure;
    }
  }

  #checked(text: string, { allowsHost }: EgressRequest): URL {
    const url = this.policy.checkUrl(text);
    if (allowsHost && !allowsHost(hostOf(url))) throw refused(`${hostOf(url)} is not a host that may be asked.`);
    return url;
  }

  async #follow(start: URL, request: EgressRequest, exchange: Exchange): Promise<Hop> {
    let url = start;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const isFirstServer = url.origin === start.origin;
      const response = await this.#send(url, isFirstServer ? request : { ...request, headers: {} }, exchange);
      const location = header(response, 'location');
      if (!REDIRECTS.has(response.statusCode) || location === undefined) return { url, response };
      response.body.destroy();
      url = this.#checked(URL.parse(location, url.href)?.href ?? '', request);
    }
    throw new EgressError('http_error', `The page redirects more than ${MAX_REDIRECTS} times.`);
  }

  async #send(
    url: URL,
    { known, headers: asked }: EgressRequest,
    exchange: Exchange,
  ): Promise<Dispatcher.ResponseData> {
    const { connectTimeoutMs, responseTimeoutMs, userAgent, ca } = this.options;
    exchange.host = hostOf(url);
    const stopWaiting = exchange.expectWithin(connectTimeoutMs + responseTimeoutMs);
    try {
      const addresses = await exchange.unlessStopped(this.#checkedAddresses(exchange.host));
      const connect = checkedConnector({ addresses, timeoutMs: connectTimeoutMs, ca });
      const client = new Client(url.origin, { connect, headersTimeout: 0, bodyTimeout: responseTimeoutMs });
      exchange.use(client);
      const headers = {
        'user-agent': userAgent,
        accept: 'text/html,application/xhtml+xml,application/pdf,text/*;q=0.9,*/*;q=0.5',
        ...asked,
        'accept-encoding': ACCEPTED_ENCODINGS,
        ...(known?.etag ? { 'if-none-match': known.etag } : {}),
        ...(known?.lastModified ? { 'if-modified-since': known.lastModified } : {}),
      };
      const path = url.pathname + url.search;
      const response = await client.request({ method: 'GET', path, headers, signal: exchange.signal });
      // Whoever reads the body is told by the reading; when nobody does, its end is no event.
      response.body.on('error', () => undefined);
      return response;
    } finally {
      stopWaiting();
    }
  }

  /** All of them have to be allowed: a name with a private address among public ones means no good. */
  async #checkedAddresses(host: string): Promise<LookupAddress[]> {
    const family = isIP(host);
    const resolve = this.options.resolve ?? ((name: string) => lookup(name, { all: true }));
    const addresses = family === 0 ? await resolve(host) : [{ address: host, family }];
    for (const { address } of addresses) this.policy.checkAddress(host, address);
    return addresses;
  }

  #answerOf({ url, response }: Hop, request: EgressRequest, exchange: Exchange): EgressResponse {
    const { statusCode } = response;
    const isNotModified = statusCode === 304;
    if (!isNotModified && (statusCode < 200 || statusCode > 299)) {
      throw statusFailure(statusCode, header(response, 'retry-after'));
    }
    const contentType = header(response, 'content-type') ?? '';
    if (!isNotModified) refuseUnwanted(response, contentType, request);
    const encoding = header(response, 'content-encoding') ?? '';
    const body = isNotModified
      ? Readable.from([], { objectMode: false })
      : exchange.readable(decodedBody(response.body, encoding, request.maxBytes));
    if (isNotModified) exchange.end();
    const etag = header(response, 'etag') ?? null;
    const lastModified = header(response, 'last-modified') ?? null;
    return { url, isNotModified, contentType, etag, lastModified, body };
  }
}

function refuseUnwanted(response: Dispatcher.ResponseData, contentType: string, request: EgressRequest): void {
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase();
  if (!request.accepts(mediaType)) {
    throw new EgressError('unsupported', `The address leads to content of the type ${mediaType.slice(0, 100)}.`);
  }
  if (Number(header(response, 'content-length')) > request.maxBytes) throw tooLarge(request.maxBytes);
}

function header({ headers }: Dispatcher.ResponseData, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
