import { Controller } from '@nestjs/common';
import { FakeAmqplib } from '@onify/fake-amqplib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '@parley/contracts';
import { requestScope } from '@parley/observability';
import { eventually } from '../fixtures/eventually.fixture.js';
import { startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { type AskReply, type AskRequest, messagesOf, question } from '../fixtures/test-messages.fixture.js';
import { untilAborted } from '../fixtures/until-aborted.fixture.js';
import { type MessageContext } from '../message-context.js';
import { HandleRpc } from '../nest/handle.decorators.js';

const { Ask } = messagesOf('memory');
const URL = 'amqp://embedded';

type Answer = (request: AskRequest, context: MessageContext) => Promise<AskReply>;
let answer: Answer;

@Controller()
class AskConsumer {
  @HandleRpc(Ask)
  ask(request: AskRequest, context: MessageContext): Promise<AskReply> {
    return answer(request, context);
  }
}

describe('a request', () => {
  let connect: FakeAmqplib['connect'];
  let gateway: TestApp;
  let memory: TestApp;

  beforeEach(async () => {
    answer = async ({ question }) => ({ answer: `re: ${question}` });
    ({ connect } = new FakeAmqplib('3.10'));
    gateway = await startApp({ app: 'gateway', url: URL, connect, maxRequestsInFlight: 3 });
    memory = await startApp({ app: 'memory', url: URL, connect, controllers: [AskConsumer] });
  });

  afterEach(async () => {
    await gateway.close();
    await memory.close();
  });

  it('is answered by its owner', async () => {
    await expect(gateway.bus.request(Ask, question('why'), TENANT)).resolves.toEqual({ answer: 're: why' });
  });

  it('is answered each with its own reply when many are in flight', async () => {
    const questions = ['a', 'b', 'c'];
    const replies = await Promise.all(questions.map((text) => gateway.bus.request(Ask, question(text), TENANT)));
    expect(replies.map((reply) => reply.answer)).toEqual(['re: a', 're: b', 're: c']);
  });

  it('carries tenant, request id, trace and deadline', async () => {
    let seen: MessageContext | undefined;
    let scope: typeof requestScope.current;
    answer = async (_request, context) => {
      seen = context;
      scope = requestScope.current;
      return { answer: '' };
    };
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await requestScope.run({ requestId: 'req-1', traceparent }, () => gateway.bus.request(Ask, question('x'), TENANT));
    expect(seen).toMatchObject({ tenant: TENANT, requestId: 'req-1', attempt: 1, redelivered: false });
    expect(seen!.deadline!.getTime()).toBeGreaterThan(Date.now());
    expect(scope).toEqual({ requestId: 'req-1', traceparent, tenantId: TENANT.tenantId });
  });

  it('gets the error of its handler by code', async () => {
    answer = () => Promise.reject(new DomainError('not_found', 'No such file.', { param: 'id', retryAfterMs: 5 }));
    await expect(gateway.bus.request(Ask, question('x'), TENANT)).rejects.toMatchObject({
      name: 'DomainError',
      code: 'not_found',
      message: 'No such file.',
      param: 'id',
      retryAfterMs: 5,
    });
  });

  it('never shows the message of an unexpected error', async () => {
    answer = () => Promise.reject(new Error('password=secret'));
    const failure = gateway.bus.request(Ask, question('x'), TENANT);
    await expect(failure).rejects.toMatchObject({ code: 'internal_error' });
    await expect(failure).rejects.not.toThrow(/secret/);
  });

  it('is refused naming the field when it is invalid', async () => {
    const tooLong = question('a question of more than twenty characters');
    await expect(gateway.bus.request(Ask, tooLong, TENANT)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'question',
    });
    const nested = Object.assign(question('x'), { limits: { maxResults: 0 } });
    await expect(gateway.bus.request(Ask, nested, TENANT)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'limits.maxResults',
    });
  });

  it('reaches the handler without undeclared fields', async () => {
    answer = async (request) => ({ answer: JSON.stringify(request) });
    const request = Object.assign(question('x'), { isAdmin: true });
    const { answer: seen } = await gateway.bus.request(Ask, request, TENANT);
    expect(JSON.parse(seen)).toEqual({ question: 'x', limits: { maxResults: 10 } });
  });

  it('fails at once when no instance of the owner is running', async () => {
    await memory.close();
    await expect(gateway.bus.request(Ask, question('x'), TENANT)).rejects.toMatchObject({
      code: 'service_unavailable',
      message: 'No instance of memory is running.',
      retryAfterMs: expect.any(Number),
    });
  });

  it('times out at its deadline and then aborts the handler', async () => {
    const aborted = new Promise<void>((resolve) => {
      answer = (_request, { signal }) => {
        signal.addEventListener('abort', () => resolve());
        return untilAborted(signal);
      };
    });
    const request = gateway.bus.request(Ask, question('x'), TENANT, { timeoutMs: 50 });
    await expect(request).rejects.toMatchObject({ code: 'timeout' });
    await aborted;
  });

  it('stops waiting when its signal aborts', async () => {
    answer = (_request, { signal }) => untilAborted(signal);
    const controller = new AbortController();
    const request = gateway.bus.request(Ask, question('x'), TENANT, {
      timeoutMs: 200,
      signal: controller.signal,
    });
    controller.abort(new Error('client left'));
    await expect(request).rejects.toThrow('client left');
  });

  it('is refused when too many are in flight', async () => {
    answer = (_request, { signal }) => untilAborted(signal);
    const options = { timeoutMs: 100 };
    const waiting = [1, 2, 3].map(() => gateway.bus.request(Ask, question('x'), TENANT, options));
    await expect(gateway.bus.request(Ask, question('x'), TENANT, options)).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    expect(await Promise.allSettled(waiting)).toHaveLength(3);
  });

  it('is not handled any more once its deadline has passed', async () => {
    const handled: string[] = [];
    answer = async ({ question }) => {
      handled.push(question);
      return { answer: '' };
    };
    const connection = await connect(URL);
    const channel = await connection.createChannel();
    const headers = { 'x-tenant': JSON.stringify(TENANT), 'x-deadline': Date.now() - 1 };
    const late = Buffer.from(JSON.stringify(question('late')));
    channel.publish('parley.rpc', Ask.name, late, { messageId: 'm1', headers });
    await gateway.bus.request(Ask, question('in time'), TENANT);
    expect(handled).toEqual(['in time']);
    await connection.close();
  });

  it('with an unreadable body or without a tenant is answered with an error', async () => {
    const connection = await connect(URL);
    const channel = await connection.createChannel();
    const replies: unknown[] = [];
    await channel.assertQueue('probe', { autoDelete: true });
    await channel.bindQueue('probe', 'parley.direct', 'probe');
    await channel.consume('probe', (reply) => replies.push(JSON.parse(reply!.content.toString())), { noAck: true });
    const options = { messageId: 'm1', correlationId: 'm1', replyTo: 'probe' };
    const headers = { 'x-tenant': JSON.stringify(TENANT) };
    channel.publish('parley.rpc', Ask.name, Buffer.from('{no json'), { ...options, headers });
    channel.publish('parley.rpc', Ask.name, Buffer.from('{}'), options);
    await eventually(() => expect(replies).toHaveLength(2));
    expect(replies).toContainEqual({ error: { code: 'invalid_request', message: 'The message is not JSON.' } });
    expect(replies).toContainEqual({ error: { code: 'invalid_request', message: 'A message needs a tenant.' } });
    await connection.close();
  });
});
