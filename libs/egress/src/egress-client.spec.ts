import { type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { EgressClient, type EgressOptions, type EgressRequest } from './egress-client.js';
import { EgressPolicy } from './egress-policy.js';
import { CERTIFICATE } from './fixtures/certificate.fixture.js';
import { WebServer } from './fixtures/web-server.fixture.js';

const OPTIONS: EgressOptions = {
  userAgent: 'Parley/1.0',
  connectTimeoutMs: 2_000,
  responseTimeoutMs: 5_000,
  totalTimeoutMs: 10_000,
  resolve: async () => [{ address: '127.0.0.1', family: 4 }],
};
const MEGABYTE = 2 ** 20;
const html: RequestListener = (_request, response) =>
  void response.setHeader('content-type', 'text/html; charset=utf-8').end('<p>Hello');

describe('EgressClient', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => void (await Promise.all(closing.splice(0).map((close) => close()))));

  async function serve(answer: RequestListener, options = {}): Promise<WebServer> {
    const server = await WebServer.start(answer, options);
    closing.push(() => server.stop());
    return server;
  }

  /** Of this machine only 127.0.0.1 may be reached, and any port. */
  function clientFor(ports: number[], options: Partial<EgressOptions> = {}): EgressClient {
    const policy = new EgressPolicy({ ports, allowedHosts: [], allowedCidrs: ['127.0.0.1/32'] });
    return new EgressClient(policy, { ...OPTIONS, ...options });
  }

  async function get(server: WebServer, path: string, request: Partial<EgressRequest> = {}, options = {}) {
    const url = `http://pages.example:${server.port}${path}`;
    const client = clientFor([server.port], options);
    const response = await client.get(url, { maxBytes: MEGABYTE, accepts: () => true, ...request });
    return { ...response, text: await textOf(response.body) };
  }

  it('fetches a page, and says what the server said of it', async () => {
    const server = await serve((_request, response) => {
      response.setHeader('etag', '"v1"').setHeader('last-modified', 'Mon, 01 Jan 2024 00:00:00 GMT');
      response.setHeader('content-type', 'text/html; charset=utf-8').end('Grüße');
    });
    const page = await get(server, '/a?b=c#d');
    expect(page).toMatchObject({
      ...{ text: 'Grüße', contentType: 'text/html; charset=utf-8', isNotModified: false },
      ...{ etag: '"v1"', lastModified: 'Mon, 01 Jan 2024 00:00:00 GMT' },
    });
    expect(server.requests).toMatchObject([{ url: '/a?b=c', headers: { 'user-agent': 'Parley/1.0' } }]);
    expect(server.requests[0]!.headers).toHaveProperty('host', `pages.example:${server.port}`);
  });

  it('sends headers to the server that is asked, and not to where that redirects', async () => {
    const other = await serve(html);
    const server = await serve((request, response) => {
      if (request.url === '/here') return html(request, response);
      const location = request.url === '/near' ? '/here' : `http://other.example:${other.port}/`;
      response.writeHead(302, { location }).end();
    });
    const client = clientFor([server.port, other.port]);
    const request = { maxBytes: MEGABYTE, accepts: () => true, headers: { 'x-key': 'secret' } };
    for (const path of ['/near', '/far']) {
      (await client.get(`http://pages.example:${server.port}${path}`, request)).body.resume();
    }
    expect(server.requests.map(({ headers }) => headers['x-key'])).toEqual(['secret', 'secret', 'secret']);
    expect(other.requests.map(({ headers }) => headers['x-key'])).toEqual([undefined]);
  });

  it('asks no host that the caller does not want, also by a redirect', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(302, { location: `http://other.example:${server.port}/` }).end();
    });
    const allowsHost = (host: string) => host === 'pages.example';
    await expect(get(server, '/', { allowsHost })).rejects.toMatchObject({ code: 'url_refused' });
    expect(server.requests).toHaveLength(1);
  });

  it('asks whether what it knows still holds', async () => {
    const server = await serve((request, response) => {
      response.statusCode = request.headers['if-none-match'] === '"v1"' ? 304 : 200;
      response.setHeader('etag', '"v1"').end();
    });
    const known = { etag: '"v1"', lastModified: 'Mon, 01 Jan 2024 00:00:00 GMT' };
    expect(await get(server, '/', { known })).toMatchObject({ isNotModified: true, etag: '"v1"', text: '' });
    expect(server.requests[0]!.headers['if-modified-since']).toBe(known.lastModified);
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('reads a page compressed with %s', async (encoding, compress) => {
    const server = await serve((_request, response) =>
      response.setHeader('content-encoding', encoding).end(compress('<p>Hello')),
    );
    expect((await get(server, '/')).text).toBe('<p>Hello');
  });

  it('follows redirects, and says where they led', async () => {
    const server = await serve((request, response) =>
      request.url === '/old'
        ? response.writeHead(302, { location: '/new', 'set-cookie': 'a=b' }).end()
        : html(request, response),
    );
    const page = await get(server, '/old');
    expect(page.url.pathname).toBe('/new');
    expect(server.requests.at(-1)!.headers.cookie).toBeUndefined();
  });

  it('does not follow redirects for ever', async () => {
    const server = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
    await expect(get(server, '/')).rejects.toMatchObject({ code: 'http_error' });
    expect(server.requests).toHaveLength(6);
  });

  it.each([
    'http://127.0.0.2/',
    'http://localhost/',
    'file:///etc/passwd',
    '//169.254.169.254/latest',
    'http://a:b@pages.example/',
  ])('does not follow a redirect to %s', async (location) => {
    const server = await serve((_request, response) => response.writeHead(302, { location }).end());
    await expect(get(server, '/')).rejects.toMatchObject({ code: 'url_refused' });
  });

  it('connects to the address that was checked, though the name means another one by then', async () => {
    const inside = await serve(html, { host: '127.0.0.2' });
    const outside = await serve((_request, response) =>
      response.writeHead(302, { location: `//rebind.example:${inside.port}/` }).end(),
    );
    const answers = ['127.0.0.1', '127.0.0.2'];
    let lookups = 0;
    const resolve = async () => [{ address: answers[Math.min(lookups++, 1)]!, family: 4 }];
    const client = clientFor([inside.port, outside.port], { resolve });
    const attempt = client.get(`http://rebind.example:${outside.port}/`, { maxBytes: 10, accepts: () => true });
    await expect(attempt).rejects.toMatchObject({ code: 'url_refused' });
    expect([lookups, outside.requests.length, inside.requests.length]).toEqual([2, 1, 0]);
  });

  it('refuses a name with one private address among others', async () => {
    const server = await serve(html);
    const resolve = async () => ['127.0.0.1', '10.0.0.1'].map((address) => ({ address, family: 4 }));
    await expect(get(server, '/', {}, { resolve })).rejects.toMatchObject({ code: 'url_refused' });
    expect(server.requests).toEqual([]);
  });

  it('takes only the certificate of the name, not that of the address', async () => {
    const server = await serve(html, { secure: true });
    const client = clientFor([server.port], { ca: CERTIFICATE });
    const fetched = await client.get(`https://pages.example:${server.port}/`, { maxBytes: 100, accepts: () => true });
    expect(await textOf(fetched.body)).toBe('<p>Hello');
    const other = client.get(`https://other.example:${server.port}/`, { maxBytes: 100, accepts: () => true });
    await expect(other).rejects.toMatchObject({ code: 'url_unreachable', isTransient: false });
    const stranger = clientFor([server.port]).get(`https://pages.example:${server.port}/`, {
      maxBytes: 100,
      accepts: () => true,
    });
    await expect(stranger).rejects.toMatchObject({ code: 'url_unreachable', isTransient: false });
  });

  it('knows no proxy', async () => {
    const [server, proxy] = [await serve(html), await serve(html)];
    const before = { ...process.env };
    const address = `http://127.0.0.1:${proxy.port}`;
    Object.assign(process.env, {
      http_proxy: address,
      HTTP_PROXY: address,
      ALL_PROXY: address,
      NODE_USE_ENV_PROXY: '1',
    });
    try {
      await get(server, '/');
    } finally {
      process.env = before;
    }
    expect([server.requests.length, proxy.requests.length]).toEqual([1, 0]);
  });

  it.each([
    [404, false],
    [410, false],
    [429, true],
    [503, true],
  ])('says that the server answered %d', async (status, isTransient) => {
    const server = await serve((_request, response) => response.writeHead(status, { 'retry-after': '120' }).end());
    const retryAfterMs = isTransient ? 120_000 : undefined;
    await expect(get(server, '/')).rejects.toMatchObject({ code: 'http_error', status, isTransient, retryAfterMs });
  });

  it('downloads nothing of a type that is not wanted', async () => {
    const server = await serve((_request, response) => void response.setHeader('content-type', 'Image/PNG').write('x'));
    const accepts = (type: string) => type !== 'image/png';
    await expect(get(server, '/', { accepts })).rejects.toMatchObject({ code: 'unsupported' });
  });

  describe('gives up', () => {
    const endless: RequestListener = (_request, response) => {
      const write = (): void => void (response.destroyed || response.write(Buffer.alloc(64_000), write));
      write();
    };

    it('a page that is declared too large, before it is read', async () => {
      const server = await serve(
        (_request, response) => void response.setHeader('content-length', 5 * MEGABYTE).write('x'),
      );
      await expect(get(server, '/')).rejects.toMatchObject({ code: 'too_large' });
    });

    it('a page that never ends', async () => {
      await expect(get(await serve(endless), '/')).rejects.toMatchObject({ code: 'too_large' });
    });

    it.each([
      ['gzip', gzipSync(Buffer.alloc(256 * MEGABYTE))],
      ['br', brotliCompressSync(Buffer.alloc(64 * MEGABYTE))],
    ])('a %s bomb, after little more than is allowed', async (encoding, bomb) => {
      const server = await serve((_request, response) => response.setHeader('content-encoding', encoding).end(bomb));
      const before = process.memoryUsage().rss;
      await expect(get(server, '/')).rejects.toMatchObject({ code: 'too_large' });
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * MEGABYTE);
    });

    it.each(['compress', 'gzip, gzip'])('the compression %s', async (encoding) => {
      const server = await serve((_request, response) => response.setHeader('content-encoding', encoding).end('x'));
      await expect(get(server, '/')).rejects.toMatchObject({ code: 'unsupported' });
    });

    it('damaged compression', async () => {
      const server = await serve((_request, response) =>
        response.setHeader('content-encoding', 'gzip').end('not gzip'),
      );
      await expect(get(server, '/')).rejects.toMatchObject({ code: 'url_unreachable' });
    });

    it('a name that nobody knows, for good', async () => {
      const resolve = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
      const attempt = get(await serve(html), '/', {}, { resolve });
      await expect(attempt).rejects.toMatchObject({ code: 'url_unreachable', isTransient: false });
    });

    it('a host that refuses the connection, for now', async () => {
      const server = await WebServer.start(html);
      await server.stop();
      await expect(get(server, '/')).rejects.toMatchObject({ code: 'url_unreachable', isTransient: true });
    });

    const short = { connectTimeoutMs: 100, responseTimeoutMs: 200, totalTimeoutMs: 500 };

    it('a name server that never answers', async () => {
      const resolve = () => new Promise<never>(() => undefined);
      await expect(get(await serve(html), '/', {}, { ...short, resolve })).rejects.toMatchObject({ code: 'timeout' });
    });

    it('a server that never begins its answer', async () => {
      await expect(get(await serve(() => undefined), '/', {}, short)).rejects.toMatchObject({ code: 'timeout' });
    });

    it.each([
      ['headers', 'HTTP/1.1 200 OK\r\nx: '],
      ['content', 'HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n'],
    ])('a server that sends its answer byte by byte (%s)', async (_what, beginning) => {
      const sockets = new Set<Socket>();
      const server = createTcpServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined).write(beginning);
        const timer = setInterval(() => socket.write('a'), 20);
        socket.once('close', () => clearInterval(timer));
      });
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      closing.push(async () => {
        for (const socket of sockets) socket.destroy();
        await new Promise((closed) => server.close(closed));
      });
      const { port } = server.address() as AddressInfo;
      await expect(get({ port } as WebServer, '/', {}, short)).rejects.toMatchObject({
        code: 'timeout',
        isTransient: true,
      });
    });

    it('when it is told to', async () => {
      const stop = new AbortController();
      const server = await serve((_request, response) => {
        response.write('x');
        stop.abort(new Error('The app is stopping.'));
      });
      await expect(get(server, '/', { signal: stop.signal })).rejects.toThrow('The app is stopping.');
      await expect(get(server, '/', { signal: stop.signal })).rejects.toThrow('The app is stopping.');
    });
  });

  it.each(['etag', 'none'])('does no harm when an answer is left lying (%s)', async (etag) => {
    const closed = Promise.withResolvers<void>();
    const server = await serve((request, response) => {
      request.socket.once('close', () => closed.resolve());
      if (request.headers['if-none-match'] === 'etag') response.writeHead(304).end();
      else response.write('beginning');
    });
    const client = clientFor([server.port], { totalTimeoutMs: 200 });
    const request = { maxBytes: 100, accepts: () => true, known: { etag } };
    const { body } = await client.get(`http://pages.example:${server.port}/`, request);
    await closed.promise;
    expect(body.destroyed).toBe(etag === 'none');
  });

  it('closes its connection when the page is not read to its end', async () => {
    let closed = Promise.withResolvers<void>();
    const server = await serve((request, response) => {
      closed = Promise.withResolvers();
      request.socket.once('close', () => closed.resolve());
      response.write('beginning');
    });
    const client = clientFor([server.port]);
    const { body } = await client.get(`http://pages.example:${server.port}/`, { maxBytes: 100, accepts: () => true });
    body.destroy();
    await closed.promise;
    expect(body.destroyed).toBe(true);
  });
});
