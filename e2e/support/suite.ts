import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@parley/persistence';
import { createTestDatabase, createTestVhost, eventually } from '@parley/testing';
import { AppProcess, freePort } from './app-process.js';

const START_TIMEOUT_MS = 180_000;
export const ADMIN = { email: 'admin@example.com', password: 'correct horse battery staple' };

export interface Suite {
  baseUrl: string;
  adminEmail: string;
  adminPassword: string;
  /** Of the first tenant's administrator. */
  apiKey: string;
  processes: AppProcess[];
  stop(): Promise<void>;
}

/** What `npm start` runs: all four apps in one process on the embedded services. */
export async function startEmbeddedSuite(environment: Record<string, string> = {}): Promise<Suite> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
  const port = await freePort();
  const app = AppProcess.start('standalone', { PORT: String(port), PARLEY_DATA_DIR: dataDir, ...environment });
  const baseUrl = `http://localhost:${port}`;
  await ready(baseUrl, [app]);
  const credentials = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8'));
  return {
    ...credentials,
    processes: [app],
    async stop() {
      await app.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Where a process reaches a server: the URL itself, or a way to it that the spec can cut. */
export type Link = (url: string) => Promise<string>;

export interface LaunchedSuite {
  /** Of the gateway. */
  baseUrl: string;
  /** Of every process, the gateway's first. */
  urls: string[];
  databaseUrl: string;
  processes: AppProcess[];
  /** Starts one more instance of an app; of a gateway, `url` is where it will serve. */
  add(name: string): Promise<{ app: AppProcess; url: string }>;
  stop(): Promise<void>;
}

/** Four processes on real PostgreSQL and RabbitMQ, as in production; what they need may be away. */
export async function launchRealSuite(
  environment: Record<string, string> = {},
  link: Link = (url) => Promise.resolve(url),
  rootOf?: (name: string) => string,
): Promise<LaunchedSuite> {
  const uploads = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
  const database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
  const vhost = await createTestVhost();
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const shared = {
    DATABASE_URL: await link(database.url),
    RABBITMQ_URL: await link(vhost.url),
    UPLOAD_DIR: uploads,
    JWT_SECRET: 'a secret of the end-to-end tests, long enough',
    BOOTSTRAP_ADMIN_EMAIL: ADMIN.email,
    BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
    LOG_LEVEL: 'warn',
    HOST: '127.0.0.1',
    ...environment,
  };
  const processes = ['gateway', 'chat', 'memory', 'ingestion-worker'].map((name, index) =>
    AppProcess.start(name, { ...shared, PORT: String(ports[index]) }, rootOf?.(name)),
  );
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  return {
    baseUrl: urls[0]!,
    urls,
    databaseUrl: database.url,
    processes,
    async add(name) {
      const port = await freePort();
      const app = AppProcess.start(name, { ...shared, PORT: String(port) }, rootOf?.(name));
      processes.push(app);
      return { app, url: `http://127.0.0.1:${port}` };
    },
    async stop() {
      await Promise.all(processes.map((app) => app.stop()));
      await vhost.drop();
      await database.drop();
      await rm(uploads, { recursive: true, force: true });
    },
  };
}

/** The same once it serves, with a key to it. */
export async function startRealSuite(
  environment: Record<string, string> = {},
  link?: Link,
  rootOf?: (name: string) => string,
): Promise<Suite & LaunchedSuite> {
  const suite = await launchRealSuite(environment, link, rootOf);
  try {
    await ready(suite.baseUrl, suite.processes);
    const apiKey = await createApiKey(suite.baseUrl, ADMIN.email, ADMIN.password);
    return { ...suite, adminEmail: ADMIN.email, adminPassword: ADMIN.password, apiKey };
  } catch (error) {
    await suite.stop();
    throw error;
  }
}

async function ready(baseUrl: string, processes: AppProcess[]): Promise<void> {
  await eventually(
    async () => {
      const dead = processes.find((app) => !app.isRunning);
      if (dead) throw new Error(`${dead.name} has ended:\n${dead.output}`);
      const response = await fetch(`${baseUrl}/health`);
      if (response.status !== 200) {
        throw new Error(`Not ready: ${await response.text()}\n${processes.map((app) => app.output).join('\n')}`);
      }
    },
    { timeoutMs: START_TIMEOUT_MS, intervalMs: 200 },
  );
}

export async function postJson<T>(url: string, body: object, token?: string): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

export async function signIn(baseUrl: string, email: string, password: string): Promise<string> {
  const login = await postJson<{ access_token: string }>(`${baseUrl}/api/v1/auth/login`, { email, password });
  return login.access_token;
}

export async function createApiKey(baseUrl: string, email: string, password: string): Promise<string> {
  const token = await signIn(baseUrl, email, password);
  const key = await postJson<{ secret: string }>(`${baseUrl}/api/v1/api-keys`, { name: 'e2e' }, token);
  return key.secret;
}

/** A second customer of the same installation. */
export async function createTenant(suite: Suite, name: string): Promise<string> {
  const admin = { admin_email: `admin@${name}.example`, admin_password: 'another long enough password' };
  const token = await signIn(suite.baseUrl, suite.adminEmail, suite.adminPassword);
  await postJson(`${suite.baseUrl}/api/v1/tenants`, { name, ...admin }, token);
  return createApiKey(suite.baseUrl, admin.admin_email, admin.admin_password);
}
