import { isIP } from 'node:net';
import { refused } from './egress-error.js';
import { AddressBlock, isPublicAddress } from './public-address.js';

export interface EgressRules {
  ports: readonly number[];
  /** Names (`wiki.example`, or `*.example` for all below) and addresses that may be private. */
  allowedHosts: readonly string[];
  /** Blocks of private addresses that may be reached. */
  allowedCidrs: readonly string[];
}

/** What browsers still take and an index can still hold. */
export const MAX_URL_CHARS = 2048;
const LOCAL_NAME = /(?:^|\.)(?:localhost|localhost\.localdomain|ip6-localhost|ip6-loopback)$/;

/** Says where requests may go. Names are judged twice: as they are written, and by the addresses they turn out to have. */
export class EgressPolicy {
  readonly #ports: ReadonlySet<number>;
  readonly #hosts: readonly string[];
  readonly #blocks: readonly AddressBlock[];

  constructor({ ports, allowedHosts, allowedCidrs }: EgressRules) {
    this.#ports = new Set(ports);
    this.#hosts = allowedHosts.map((host) => host.toLowerCase());
    this.#blocks = allowedCidrs.map((cidr) => new AddressBlock(cidr));
  }

  /**
   * The address in its one spelling: host in lower case and without a last dot, numbers as four decimals, no default
   * port, no fragment. Two texts that mean the same page give the same URL.
   * @throws EgressError `url_refused`
   */
  checkUrl(text: string): URL {
    const url = normalizedUrl(text);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw refused('Only http and https addresses are fetched.');
    }
    if (url.href.length > MAX_URL_CHARS) throw refused(`The address is longer than ${MAX_URL_CHARS} characters.`);
    if (url.username !== '' || url.password !== '')
      throw refused('Addresses with a user name or password are not fetched.');
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    if (!this.#ports.has(port)) throw refused(`Port ${port} is not fetched from.`);
    const host = hostOf(url);
    if (isIP(host) !== 0) this.checkAddress(host, host);
    else if (LOCAL_NAME.test(host) && !this.#isAllowedHost(host)) throw refused(`${host} is not fetched from.`);
    return url;
  }

  /** @throws EgressError `url_refused` when the host may not be reached at this address */
  checkAddress(host: string, address: string): void {
    if (isPublicAddress(address) || this.#isAllowedHost(host)) return;
    if (this.#blocks.some((block) => block.holds(address))) return;
    throw refused(`${host} is not an address of the public internet.`);
  }

  #isAllowedHost(host: string): boolean {
    return this.#hosts.some((allowed) =>
      allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed,
    );
  }
}

/** Without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function normalizedUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw refused('This is not a web address, such as https://example.org/page.');
  url.hash = '';
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.replace(/\.+$/, '');
  return url;
}
