import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createFastifyAdapter } from './fastify.adapter.js';
import { faultOf } from './fault.js';

describe('A JSON body', () => {
  const adapter = createFastifyAdapter({ trustedProxies: [] });
  const fastify = adapter.getInstance();
  beforeAll(async () => {
    Logger.overrideLogger(false);
    fastify.setErrorHandler((error, _request, reply) => reply.code(faultOf(error).status).send());
    fastify.post('/v1/echo', (request) => Promise.resolve(request.body));
    await fastify.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(() => fastify.close());

  const post = (payload: string | Buffer, type = 'application/json') =>
    fastify.inject({ method: 'POST', url: '/v1/echo', headers: { 'content-type': type }, payload });

  it.each([
    ['NUL, in values and in names', '{"a\\u0000b":["\\u0000c"]}', { ab: ['c'] }],
    ['halves of surrogate pairs', '{"a":"\\ud800x\\uDFFF"}', { a: '\ufffdx\ufffd' }],
  ])('loses what is no text: %s', async (_what, payload, expected) => {
    expect((await post(payload)).json()).toEqual(expected);
  });

  it.each([
    ['pairs', '{"a":"\\ud83d\\ude00"}', { a: '😀' }],
    ['escapes of escapes', '{"a":"\\\\u0000 \\\\ud800 \\" \\\\"}', { a: '\\u0000 \\ud800 " \\' }],
    ['raw characters', '{"a":"😀 שלום"}', { a: '😀 שלום' }],
  ])('keeps everything else: %s', async (_what, payload, expected) => {
    expect((await post(payload)).json()).toEqual(expected);
  });

  it('may be as deep as a schema is, but not as deep as the stack', async () => {
    const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect((await post(nested(150))).statusCode).toBe(200);
    expect((await post(nested(50_000))).statusCode).toBe(400);
  });

  it('is an object in UTF-8 under its own content type', async () => {
    for (const payload of ['[]', 'null', '"x"', '1', Buffer.from([0x7b, 0xff, 0x7d])])
      expect((await post(payload)).statusCode).toBe(400);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/xml'])
      expect((await post('{}', type)).statusCode).toBe(415);
  });

  it.each([
    ['GET /v1/files HTTP/1.1\r\nhost: a\r\ncontent-length: x', '400', '{"error":{'],
    [`GET /v1/files HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(100_000)}`, '431', '{"error":{'],
    [`GET /api/v1/files HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(100_000)}`, '431', '{"type":"urn:parley:error:'],
  ])('needs a request around it, or the answer says in its dialect what is wrong', async (head, status, body) => {
    const socket = connect((fastify.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
    socket.write(`${head}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.toString()).toContain(`\r\n\r\n${body}`);
    expect(answer.toString()).toContain('\r\nx-request-id: ');
  });
});
