import { type LookupAddress } from 'node:dns';
import { type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

export interface ConnectorOptions {
  addresses: readonly LookupAddress[];
  timeoutMs: number;
  /** Trusted besides the usual authorities. */
  ca?: string | undefined;
}

/**
 * Connects to addresses that were checked before, whatever the name's server says by now; a certificate still has to be
 * that of the name. HTTP/1.1 only: one request per connection needs no more.
 */
export function checkedConnector({ addresses, timeoutMs, ca }: ConnectorOptions): buildConnector.connector {
  const lookup: LookupFunction = (_host, { all }, done) => {
    const [first] = addresses;
    if (all) done(null, [...addresses]);
    else if (first) done(null, first.address, first.family);
    else done(Object.assign(new Error('No address'), { code: 'ENOTFOUND' }), '');
  };
  return buildConnector({ lookup, timeout: timeoutMs, allowH2: false, autoSelectFamily: true, ...(ca ? { ca } : {}) });
}
