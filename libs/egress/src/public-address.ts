import ipaddr from 'ipaddr.js';

/** The only block from which addresses of the public internet are given out. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Public by its number, but answered by the platform below a virtual machine: Azure's WireServer. */
const PLATFORM = new Set(['168.63.129.16']);

/**
 * Whether an address belongs to a host of the public internet. What is private, loopback, link-local (cloud metadata),
 * shared (CGNAT), multicast, unspecified, reserved or for documentation does not; neither do IPv6 addresses that carry an
 * IPv4 one (mapped, translated, 6to4, Teredo), since the carried one may be any of these.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || text.includes('%') || PLATFORM.has(text)) return false;
  const address = ipaddr.parse(text);
  return address.range() === 'unicast' && (address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST));
}

/** A block of addresses, as `10.0.0.0/8`. An IPv4 block holds the IPv6 addresses that are mapped to it. */
export class AddressBlock {
  readonly #block: [ipaddr.IPv4 | ipaddr.IPv6, number];

  /** @throws Error for what is no block */
  constructor(cidr: string) {
    this.#block = ipaddr.parseCIDR(cidr);
  }

  holds(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return address.kind() === this.#block[0].kind() && address.match(this.#block);
  }
}
