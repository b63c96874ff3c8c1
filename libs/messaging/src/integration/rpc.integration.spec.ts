import { Controller } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../fixtures/eventually.fixture.js';
import { describeOnRabbitMq, uniqueOwner } from '../fixtures/real-broker.fixture.js';
import { TcpProxy } from '../fixtures/tcp-proxy.fixture.js';
import { startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { type AskReply, type AskRequest, messagesOf, question } from '../fixtures/test-messages.fixture.js';
import { untilAborted } from '../fixtures/until-aborted.fixture.js';
import { type MessageContext } from '../message-context.js';
import { HandleRpc } from '../nest/handle.decorators.js';

const owner = uniqueOwner();
const { Ask } = messagesOf(owner);

let answer: (request: AskRequest, context: MessageContext) => Promise<AskReply>;

@Controller()
class AskConsumer {
  @HandleRpc(Ask)
  ask(request: AskRequest, context: MessageContext): Promise<AskReply> {
    return answer(request, context);
  }
}

describeOnRabbitMq('a request', (url) => {
  const apps: TestApp[] = [];
  let caller: TestApp;
  const start = async (options: { url: string; app: string; rpcConcurrency?: number }) => {
    const app = await startApp({ ...options, controllers: options.app === owner ? [AskConsumer] : [] });
    apps.push(app);
    return app;
  };

  beforeEach(async () => {
    caller = await start({ app: `${owner}-caller`, url });
  });

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });

  it('whose deadline passed in the queue is never handled', async () => {
    const handled: string[] = [];
    answer = async ({ question }, { signal }) => {
      handled.push(question);
      return question === 'slow' ? untilAborted(signal) : { answer: question };
    };
    await start({ app: owner, url, rpcConcurrency: 1 });
    const slow = caller.bus.request(Ask, question('slow'), TENANT, { timeoutMs: 400 });
    const late = caller.bus.request(Ask, question('late'), TENANT, { timeoutMs: 100 });
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
    await expect(slow).rejects.toMatchObject({ code: 'timeout' });
    await expect(caller.bus.request(Ask, question('next'), TENANT)).resolves.toEqual({ answer: 'next' });
    expect(handled).toEqual(['slow', 'next']);
  });

  it('goes to another instance when the one that had it dies', async () => {
    const proxy = await TcpProxy.start(url);
    const attempts: boolean[] = [];
    answer = async (_request, { redelivered, signal }) => {
      attempts.push(redelivered);
      return redelivered ? { answer: 'from the other' } : untilAborted(signal);
    };
    await start({ app: owner, url: proxy.url });
    const reply = caller.bus.request(Ask, question('x'), TENANT);
    await eventually(() => expect(attempts).toEqual([false]));
    await start({ app: owner, url });
    proxy.takeDown();
    await expect(reply).resolves.toEqual({ answer: 'from the other' });
    await apps.splice(1, 1)[0]!.close();
    await proxy.close();
  });
});
