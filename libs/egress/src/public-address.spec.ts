import { describe, expect, it } from '@jest/globals';
import { AddressBlock, isPublicAddress } from './public-address.js';

describe('isPublicAddress', () => {
  it.each([
    '93.184.215.14',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700:4700::1111',
    '2a00:1450:4001:82a::200e',
  ])('is true for %s', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1']],
    ['loopback', ['127.0.0.1', '127.255.255.254', '::1']],
    ['unspecified', ['0.0.0.0', '0.1.2.3', '::']],
    ['link-local and metadata', ['169.254.169.254', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254', '168.63.129.16']],
    ['shared (CGNAT)', ['100.64.0.1', '100.100.100.200', '100.127.255.255']],
    ['multicast and broadcast', ['224.0.0.1', '239.255.255.255', 'ff02::1', '255.255.255.255']],
    ['for documentation', ['192.0.2.1', '198.51.100.7', '203.0.113.9', '2001:db8::1', '3fff::1']],
    ['reserved', ['192.0.0.192', '198.18.0.1', '240.0.0.1', 'fec0::1', '100::1', '5f00::1']],
    ['mapped IPv4', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:93.184.215.14', '::127.0.0.1', '::ffff:0:127.0.0.1']],
    ['translated IPv4', ['64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::a00:1']],
    ['tunnelled IPv4', ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2001:0:7f00:1::']],
    ['no address', ['', 'localhost', '1.2.3.4.5', '2606:4700::1%eth0']],
  ])('is false for what is %s', (_kind, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });
});

describe('AddressBlock', () => {
  it('holds the addresses of its block, mapped ones too, and nothing of the other family', () => {
    const block = new AddressBlock('10.0.0.0/8');
    expect(['10.1.2.3', '::ffff:10.1.2.3', '11.0.0.1', '::1', 'fe80::1', 'x'].map((text) => block.holds(text))).toEqual(
      [true, true, false, false, false, false],
    );
  });

  it.each(['10.0.0.0', '10.0.0.0/33', 'wiki/8', ''])('refuses %j', (cidr) => {
    expect(() => new AddressBlock(cidr)).toThrow();
  });
});
