import { describe, expect, it } from '@jest/globals';
import { EgressPolicy } from './egress-policy.js';

const policy = (rules = {}) => new EgressPolicy({ ports: [80, 443], allowedHosts: [], allowedCidrs: [], ...rules });
const refusal = expect.objectContaining({ code: 'url_refused', isTransient: false });

describe('EgressPolicy', () => {
  it.each([
    ['HTTPS://Example.ORG:443/a b?q=ü#part', 'https://example.org/a%20b?q=%C3%BC'],
    [' http://example.org. ', 'http://example.org/'],
    ['http://example.org:80/../x/./y', 'http://example.org/x/y'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['http://0x5db8d70e/', 'http://93.184.215.14/'],
  ])('gives %j one spelling', (text, expected) => {
    expect(policy().checkUrl(text).href).toBe(expected);
  });

  it.each([
    ...['', 'example.org', '/page', 'ftp://example.org/', 'file:///etc/passwd', 'gopher://example.org/'],
    ...['data:text/html,x', 'javascript:alert(1)', 'http://', 'http://[fe80::1%25eth0]/', 'http://[::1'],
    ...['http://user@example.org/', 'http://:secret@example.org/', 'https://a:b@example.org/'],
    ...['http://example.org:22/', 'http://example.org:8080/', 'https://example.org:5432/', 'http://example.org:0/'],
  ])('refuses %j', (text) => {
    expect(() => policy().checkUrl(text)).toThrow(refusal);
  });

  it.each([
    ...['127.0.0.1', '127.1', '127.0.0.1.', '2130706433', '017700000001', '0x7f000001', '0x7f.1', '0177.0.0.01'],
    ...[
      '127.0.0.1%2e',
      '１２７.０.０.１',
      '①②⑦.0.0.1',
      '127。0。0。1',
      '0',
      '0.0.0.0',
      '169.254.169.254',
      '2852039166',
    ],
    ...['10.0.0.1', '192.168.0.1', '100.64.0.1', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ...['[0:0:0:0:0:0:0:1]', '[fd00:ec2::254]', '[64:ff9b::127.0.0.1]', '[2002:7f00:1::]', '[::127.0.0.1]'],
    ...['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'localhost.localdomain', 'ip6-loopback', 'ｌocalhost'],
  ])('refuses the host %s in every spelling', (host) => {
    expect(() => policy().checkUrl(`http://${host}/`)).toThrow(refusal);
  });

  it('refuses an address that is too long', () => {
    expect(() => policy().checkUrl(`http://example.org/${'x'.repeat(2048)}`)).toThrow(refusal);
  });

  it('lets pass what is allowed deliberately, and no more', () => {
    const own = policy({
      ports: [80, 8080],
      allowedHosts: ['Wiki.Local', '*.intra.example'],
      allowedCidrs: ['10.2.0.0/16'],
    });
    expect(own.checkUrl('http://10.2.3.4:8080/').port).toBe('8080');
    for (const host of ['wiki.local', 'a.intra.example', 'b.a.intra.example']) own.checkAddress(host, '192.168.0.1');
    for (const host of ['intra.example', 'evilintra.example', 'a.wiki.local'])
      expect(() => own.checkAddress(host, '192.168.0.1')).toThrow(refusal);
    own.checkAddress('any.example', '::ffff:10.2.3.4');
    expect(() => own.checkUrl('http://10.3.0.1/')).toThrow(refusal);
    expect(() => own.checkUrl('https://example.org/')).toThrow(refusal);
  });

  it('tells nothing of the address that a name has', () => {
    expect(() => policy().checkAddress('db.example', '10.9.8.7')).toThrow(/^(?!.*10\.9\.8\.7).*db\.example/);
  });
});
