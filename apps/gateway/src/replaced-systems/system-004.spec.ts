import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ConversationView,
  CreateConversation,
  DomainError,
  formatId,
  GetConversation,
  GetMessage,
  StartRun,
} from '@parley/contracts';
import { expectHealth, expectRefusal, type GuideCall } from '../fixtures/guide-calls.fixture.js';
import {
  COMPLETED,
  createRoutesApp,
  messageView,
  type RoutesApp,
  STRANGER,
  TENANT,
} from '../fixtures/routes.fixture.js';
import { RunningGateway } from '../fixtures/running-gateway.fixture.js';

const ORIGIN = 'https://yourdomain.com';

/** The calls and settings of the chat API with workers, as its guide shows them: all under `/api/v1`. */
describe('A client of the chat API with workers', () => {
  let gateway: RunningGateway;
  let app: RoutesApp;
  beforeAll(async () => {
    const settings = {
      JWT_SECRET: '',
      SECRET_KEY: 'a-signing-key-that-only-specs-use-1234567890',
      ACCESS_TOKEN_EXPIRE_MINUTES: '60',
      BACKEND_CORS_ORIGINS: `["${ORIGIN}"]`,
    };
    [gateway, app] = await Promise.all([RunningGateway.startOffline(settings), createRoutesApp()]);
  });
  afterAll(() => Promise.all([gateway?.stop(), app?.close()]));
  beforeEach(() => {
    app.bus.reset();
    app.signedIn = TENANT;
  });

  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${app.url}/api/v1${path}`, {
      method,
      ...(body ? { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('asks anonymously how it is', () => expectHealth(gateway, '/health'));

  it.each<GuideCall>([
    { method: 'GET', path: '/metrics' },
    { method: 'GET', path: '/api/v1/conversations' },
    { method: 'POST', path: '/api/v1/conversations', body: {} },
    { method: 'POST', path: `/api/v1/conversations/${formatId('conversation', TENANT.userId)}/messages`, body: {} },
    { method: 'GET', path: `/api/v1/runs/${formatId('run', TENANT.userId)}/events` },
  ])('needs credentials: $method $path', (guideCall) => expectRefusal(gateway, guideCall));

  it('is let in from the origins that its list names, and from no other', async () => {
    const allowed = async (origin: string) => {
      const { headers } = await gateway.call('OPTIONS', '/api/v1/conversations', {
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      return headers.get('access-control-allow-origin');
    };
    expect(await allowed(ORIGIN)).toBe(ORIGIN);
    expect(await allowed('https://evil.example')).not.toBe('https://evil.example');
  });

  it('begins a conversation and talks in it, where nobody else can', async () => {
    const owners = new Map<string, string>();
    app.bus.on(CreateConversation, ({ id }, { tenantId }) => {
      owners.set(id, tenantId);
      return conversation(id);
    });
    app.bus.on(GetConversation, ({ id }, { tenantId }) => {
      if (owners.get(id) !== tenantId) throw DomainError.notFound('conversation');
      return conversation(id);
    });
    app.bus.acceptRuns({}, (run) => run.send({ type: 'text', text: 'Hi.' }, COMPLETED));
    app.bus.on(GetMessage, () => messageView({ content: 'Hi.' }));
    const { status, body } = await call('POST', '/conversations', {});
    expect(status).toBe(201);
    const path = `/conversations/${String(body['id'])}`;
    expect(await call('POST', `${path}/messages`, { content: 'Hello' })).toMatchObject({
      ...{ status: 200, body: { role: 'assistant', content: 'Hi.' } },
    });
    expect(app.bus.asked(StartRun)[0]!.messages).toEqual([{ role: 'user', content: 'Hello' }]);
    expect((await call('GET', path)).status).toBe(200);
    app.signedIn = STRANGER;
    expect(await call('GET', path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});

function conversation(id: string): ConversationView {
  const at = '2026-01-02T03:04:05.678Z';
  return { id, title: null, assistantId: null, metadata: {}, headId: null, createdAt: at, updatedAt: at };
}
