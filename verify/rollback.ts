import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { migrate } from '@parley/persistence';
import { createTestDatabase, createTestVhost, eventually } from '@parley/testing';
import { AppProcess, freePort } from '../e2e/support/app-process.js';
import { ADMIN, createApiKey } from '../e2e/support/suite.js';
import { checkOut } from './old-version.js';
import { type Verification } from './verification.js';

const run = promisify(execFile);
const HERE = resolve(import.meta.dirname, '..');
const APPS = ['gateway', 'chat', 'memory', 'ingestion-worker'];
const PATIENCE = { timeoutMs: 120_000, intervalMs: 200 };
const FACT = 'The warranty of the blue lamp lasts seven years.';

/** The version before serves, is upgraded, and is gone back to, on one database that only goes forward. */
export const rollback: Verification = {
  summary:
    'the version before answers on the newer schema, beside the new one and after it: nothing is lost either way',
  async run(say) {
    const old = await checkOut();
    const uploads = await mkdtemp(join(tmpdir(), 'parley-rollback-'));
    const [database, vhost] = await Promise.all([createTestDatabase(), createTestVhost()]);
    const environment = {
      ...{
        DATABASE_URL: database.url,
        RABBITMQ_URL: vhost.url,
        UPLOAD_DIR: uploads,
        LOG_LEVEL: 'warn',
        HOST: '127.0.0.1',
      },
      ...{ BOOTSTRAP_ADMIN_EMAIL: ADMIN.email, BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password },
      JWT_SECRET: 'a secret of the verifications, long enough',
    };
    const installation = new Installation(environment);
    try {
      say(`the version before is ${old.commit} (${old.subject})`);
      await migrateAs(old.folder, database.url);
      await installation.serve(() => old.folder);
      const customer = await Customer.create(installation.baseUrl);
      say(`before: ${await customer.ask()}`);
      const { applied } = await migrate(database.url);
      say(`migrated beside it: ${applied.join(', ')}`);
      say(`the version before on the newer schema: ${await customer.ask()}`);
      await installation.serve((app) => (app === 'gateway' ? HERE : old.folder));
      say(`a new gateway before old services: ${await customer.ask()}`);
      await installation.serve((app) => (app === 'gateway' ? old.folder : HERE));
      say(`an old gateway before new services: ${await customer.ask()}`);
      await installation.serve(() => HERE);
      say(`the new version: ${await customer.ask()}`);
      await installation.serve(() => old.folder);
      say(`back to the version before: ${await customer.ask()}`);
      await installation.serve(() => HERE);
      say(`and on again: ${await customer.ask()}`);
    } finally {
      await installation.stop();
      await Promise.all([vhost.drop(), database.drop(), old.remove(), rm(uploads, { recursive: true, force: true })]);
    }
  },
};

/** To the schema of that version. */
async function migrateAs(folder: string, url: string): Promise<void> {
  const hasCommands = existsSync(join(folder, 'apps/cli/dist/main.js'));
  const command = hasCommands ? ['apps/cli/dist/main.js', 'migrate'] : ['libs/persistence/dist/migrate.main.js'];
  await run(process.execPath, command, { cwd: folder, env: { ...process.env, DATABASE_URL: url }, timeout: 120_000 });
}

/** The four apps, of this version and that, always at the same address. */
class Installation {
  #processes: AppProcess[] = [];
  #ports: number[] = [];
  readonly #environment: Record<string, string>;

  constructor(environment: Record<string, string>) {
    this.#environment = environment;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#ports[0]}`;
  }

  /** Stops what runs and starts each app from the folder of its version. */
  async serve(folderOf: (app: string) => string): Promise<void> {
    await this.stop();
    if (this.#ports.length === 0) this.#ports = await Promise.all(APPS.map(() => freePort()));
    this.#processes = APPS.map((app, index) =>
      AppProcess.start(app, { ...this.#environment, PORT: String(this.#ports[index]) }, folderOf(app)),
    );
    await eventually(async () => {
      const dead = this.#processes.find(({ isRunning }) => !isRunning);
      if (dead) throw new Error(`${dead.name} has ended:\n${dead.output}`);
      const { status } = await fetch(`${this.baseUrl}/health`);
      if (status !== 200) throw new Error(`not ready:\n${this.#processes.map(({ output }) => output).join('\n')}`);
    }, PATIENCE);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((app) => app.stop()));
    this.#processes = [];
  }
}

/** Has a document and a conversation, which all versions have to know. */
class Customer {
  #conversation: string | null = null;
  #turns = 0;
  readonly #baseUrl: string;
  readonly #apiKey: string;
  readonly #vectorStore: string;

  private constructor(baseUrl: string, apiKey: string, vectorStore: string) {
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
    this.#vectorStore = vectorStore;
  }

  static async create(baseUrl: string): Promise<Customer> {
    const apiKey = await createApiKey(baseUrl, ADMIN.email, ADMIN.password);
    const api = new Customer(baseUrl, apiKey, '');
    const { id } = await api.#call<{ id: string }>('POST', '/v1/vector_stores', { name: 'lamps' });
    const form = new FormData();
    form.append('purpose', 'assistants');
    form.append('file', new Blob([FACT]), 'warranty.txt');
    const file = await api.#call<{ id: string }>('POST', '/v1/files', form);
    await api.#call('POST', `/v1/vector_stores/${id}/files`, { file_id: file.id });
    await eventually(async () => {
      const { status } = await api.#call<{ status: string }>('GET', `/v1/vector_stores/${id}/files/${file.id}`);
      if (status !== 'completed') throw new Error(`the document is ${status}`);
    }, PATIENCE);
    return new Customer(baseUrl, apiKey, id);
  }

  /** Goes on in the conversation, and finds all of it. */
  async ask(): Promise<string> {
    const answer = await this.#call<{
      conversation_id: string;
      choices: { message: { content: string; annotations: object[] } }[];
    }>('POST', '/v1/chat/completions', {
      model: 'default',
      messages: [{ role: 'user', content: 'How long does the warranty of the blue lamp last?' }],
      tools: [{ type: 'file_search', vector_store_ids: [this.#vectorStore] }],
      ...(this.#conversation ? { conversation_id: this.#conversation } : {}),
    });
    const { content, annotations } = answer.choices[0]!.message;
    if (!content.includes('seven years') || annotations.length === 0) throw new Error(`it answered: ${content}`);
    this.#conversation = answer.conversation_id;
    this.#turns++;
    const { data } = await this.#call<{ data: object[] }>(
      ...(['GET', `/api/v1/conversations/${answer.conversation_id}/messages?limit=100`] as const),
    );
    if (data.length !== 2 * this.#turns) throw new Error(`${data.length} messages after ${this.#turns} turns`);
    return `answered with a citation; the conversation has ${data.length} messages`;
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const isForm = body instanceof FormData;
    const response = await fetch(this.#baseUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#apiKey}`,
        ...(body && !isForm ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: isForm ? body : JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
}
