import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  AddDocument,
  CreateKnowledgeBase,
  type DocumentView,
  GetDocument,
  GetMemoryStatus,
  RegisterFile,
  type RpcDefinition,
  TenantContext,
} from '@parley/contracts';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  eventually,
  type ProviderStub,
  startProviderStub,
  startTcpProxy,
  type TcpProxy,
} from '@parley/testing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { AppProcess } from './app-process.js';
import { BusClient } from './bus-client.js';

const START_TIMEOUT_MS = 300_000;
/** Small enough for many chunks of a short text. */
const CHUNKING = { maxChunkSizeTokens: 100, chunkOverlapTokens: 0 };

export interface IngestionSuiteOptions {
  workers?: number;
  /** Of all apps; takes the place of what the suite sets itself. */
  environment?: Record<string, string>;
  /** Default: a vhost of the suite's own. */
  rabbitmqUrl?: string;
  /** A superuser of the Postgres; default: that of the test services. */
  databaseServerUrl?: string;
  /** How the apps reach the database; default: directly. */
  databaseUrlOf?: (url: string) => Promise<string>;
}

export interface IngestedDocument {
  id: string;
  knowledgeBaseId: string;
  fileId: string;
}

export interface StoredJob {
  status: string;
  attempt: number;
  error_code: string | null;
}

/** Memory and ingestion workers as processes on real services, with a client in the gateway's place. */
export class IngestionSuite {
  readonly tenant = this.someTenant();
  readonly workers: AppProcess[] = [];
  readonly #cleanUp: (() => Promise<unknown>)[] = [];
  #sql!: pg.Pool;
  #client!: BusClient;
  #environment!: Record<string, string>;
  provider!: ProviderStub;
  /** Between the apps and the provider; stalled, it holds documents in the middle of their ingestion. */
  providerLink!: TcpProxy;
  memory!: AppProcess;
  /** Of the apps, and of nobody else. */
  temporaryFolder!: string;

  static async start(options: IngestionSuiteOptions = {}): Promise<IngestionSuite> {
    const suite = new IngestionSuite();
    await suite.#start(options).catch(async (error: unknown) => {
      await suite.stop();
      throw error;
    });
    return suite;
  }

  async #start(options: IngestionSuiteOptions): Promise<void> {
    const { workers = 1, environment = {}, rabbitmqUrl, databaseServerUrl: serverUrl, databaseUrlOf } = options;
    const folder = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
    this.#cleanUp.push(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, 'tmp'));
    this.temporaryFolder = join(folder, 'tmp');
    const database = await createTestDatabase({
      prepare: migrate,
      template: 'migrated',
      ...(serverUrl === undefined ? {} : { serverUrl }),
    });
    this.#cleanUp.push(() => database.drop());
    this.#sql = new pg.Pool({ connectionString: database.url, max: 2 });
    this.#sql.on('error', () => undefined);
    this.#cleanUp.push(() => this.#sql.end());
    const brokerUrl = rabbitmqUrl ?? (await this.#vhost());
    this.provider = await startProviderStub();
    this.#cleanUp.push(() => this.provider.close());
    this.providerLink = await startTcpProxy(this.provider.baseUrl);
    this.#cleanUp.push(() => this.providerLink.close());
    this.#environment = {
      DATABASE_URL: (await databaseUrlOf?.(database.url)) ?? database.url,
      DATABASE_POOL_SIZE: '5',
      RABBITMQ_URL: brokerUrl,
      UPLOAD_DIR: join(folder, 'uploads'),
      TMPDIR: this.temporaryFolder,
      OPENAI_BASE_URL: this.providerLink.url,
      OPENAI_API_KEY: this.provider.apiKey,
      OPENAI_EMBEDDING_MODEL: 'text-embedding-3-small',
      OPENAI_EMBEDDING_DIMENSIONS: '16',
      INGESTION_LEASE_MS: '1500',
      INGESTION_RETRY_PAUSE_MS: '50',
      LOG_LEVEL: 'warn',
      HOST: '127.0.0.1',
      PORT: '0',
      ...environment,
    };
    this.startMemory();
    for (let started = 0; started < workers; started++) this.startWorker();
    this.#client = await BusClient.connect(brokerUrl);
    this.#cleanUp.push(() => this.#client.close());
    await this.#ready();
  }

  async stop(): Promise<void> {
    await Promise.all([this.memory, ...this.workers].map((app) => app?.stop()));
    for (const step of this.#cleanUp.splice(0).reverse()) await step().catch(() => undefined);
  }

  /** In place of the one before, which has ended. */
  startMemory(): void {
    this.memory = AppProcess.start('memory', this.#environment);
  }

  startWorker(environment: Record<string, string> = {}): AppProcess {
    const worker = AppProcess.start('ingestion-worker', { ...this.#environment, ...environment });
    this.workers.push(worker);
    return worker;
  }

  ask<Request extends object, Reply>(
    definition: RpcDefinition<Request, Reply>,
    request: NoInfer<Request>,
    tenant = this.tenant,
  ): Promise<Reply> {
    return this.#client.bus.request(definition, request, tenant);
  }

  get bus(): BusClient['bus'] {
    return this.#client.bus;
  }

  async createKnowledgeBase(tenant = this.tenant): Promise<string> {
    const { id } = await this.ask(CreateKnowledgeBase, { id: uuidv7(), name: 'Library', metadata: {} }, tenant);
    return id;
  }

  /** Of another customer of the same installation. */
  someTenant(): TenantContext {
    return TenantContext.of({ tenantId: uuidv7(), userId: uuidv7(), role: 'admin' });
  }

  /** A stored and registered file, none like another even if their texts are, so that each is indexed. @returns its id */
  async upload(
    content: string | Buffer,
    filename = 'notes.txt',
    contentType = 'text/plain',
    tenant = this.tenant,
  ): Promise<string> {
    const id = uuidv7();
    const blobKey = `${tenant.tenantId}/${id}`;
    await mkdir(dirname(this.blobPath(blobKey)), { recursive: true });
    await writeFile(this.blobPath(blobKey), content);
    const bytes = Buffer.byteLength(content);
    const sha256 = createHash('sha256').update(id).digest('hex');
    const file = { id, filename, contentType, bytes, sha256, purpose: 'assistants', blobKey } as const;
    await this.ask(RegisterFile, file, tenant);
    return id;
  }

  blobPath(blobKey: string): string {
    return join(this.#environment['UPLOAD_DIR']!, blobKey);
  }

  async hasBlob(fileId: string): Promise<boolean> {
    const blob = await stat(this.blobPath(`${this.tenant.tenantId}/${fileId}`)).catch(() => null);
    return blob !== null;
  }

  removeBlob(fileId: string): Promise<void> {
    return rm(this.blobPath(`${this.tenant.tenantId}/${fileId}`));
  }

  /** @param chunking `auto` leaves the size of chunks to the product */
  async attach(
    knowledgeBaseId: string,
    fileId: string,
    chunking: 'small' | 'auto' = 'small',
    tenant = this.tenant,
  ): Promise<IngestedDocument> {
    const request = { knowledgeBaseId, fileId, attributes: {}, ...(chunking === 'small' && { chunking: CHUNKING }) };
    const { id } = await this.ask(AddDocument, request, tenant);
    return { id, knowledgeBaseId, fileId };
  }

  document({ knowledgeBaseId, fileId }: IngestedDocument): Promise<DocumentView> {
    return this.ask(GetDocument, { knowledgeBaseId, fileId });
  }

  /** The document once it is completed or failed. */
  settled(document: IngestedDocument, timeoutMs = 90_000): Promise<DocumentView> {
    return eventually(
      async () => {
        const view = await this.document(document);
        if (view.status === 'completed' || view.status === 'failed') return view;
        const [job] = await this.jobs(document);
        throw new Error(`${JSON.stringify({ view, job })}\n${this.logs()}`);
      },
      { timeoutMs, intervalMs: 100 },
    );
  }

  /** Waits for all of them to be completed. */
  async completed(documents: IngestedDocument[], timeoutMs?: number): Promise<void> {
    for (const document of documents) {
      const { status, error } = await this.settled(document, timeoutMs);
      if (status !== 'completed') throw new Error(`${status}: ${JSON.stringify(error)}\n${this.logs()}`);
    }
  }

  /** Newest first. */
  jobs({ id }: IngestedDocument): Promise<StoredJob[]> {
    return this.rows<StoredJob>(
      'select status, attempt, error_code from memory.ingestion_jobs where document_id = $1 order by version desc',
      [id],
    );
  }

  /** Texts by ordinal; the same chunk twice would be there twice. */
  async chunks({ id }: IngestedDocument): Promise<string[]> {
    const rows = await this.rows<{ text: string }>(
      'select text from memory.chunks where document_id = $1 order by ordinal, version',
      [id],
    );
    return rows.map((row) => row.text);
  }

  async vectorCount({ id }: IngestedDocument): Promise<number> {
    const spaces = await this.rows<{ table_name: string }>('select table_name from memory.embedding_spaces');
    let count = 0;
    for (const { table_name: table } of spaces) {
      const [row] = await this.rows<{ count: number }>(
        `select count(*)::int as count from memory.${table} where document_id = $1`,
        [id],
      );
      count += row!.count;
    }
    return count;
  }

  /** What the provider was asked to embed, in all requests so far. */
  embeddedTexts(): string[] {
    return this.provider.requests.flatMap(({ body }) => body['input'] as string[]);
  }

  /** Waits until so many of the documents wait for the provider, whose requests or answers its link holds back. */
  async stallProvider(documents: IngestedDocument[], count: number): Promise<void> {
    this.providerLink.stall();
    await eventually(async () => {
      const views = await Promise.all(documents.map((document) => this.document(document)));
      const waiting = views.filter(({ status }) => status === 'embedding');
      if (waiting.length < count) throw new Error(`only ${waiting.length} of ${count} are being embedded`);
      if (this.providerLink.held < count) throw new Error(`only ${this.providerLink.held} of ${count} requests wait`);
    });
  }

  /** Past row-level security. */
  async rows<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#sql.query<Row>(sql, values)).rows;
  }

  logs(): string {
    return [this.memory, ...this.workers].map(({ name, output }) => `${name}: ${output}`).join('\n');
  }

  async #vhost(): Promise<string> {
    const vhost = await createTestVhost();
    this.#cleanUp.push(() => vhost.drop());
    return vhost.url;
  }

  async #ready(): Promise<void> {
    const check = async () => {
      const dead = [this.memory, ...this.workers].find((app) => !app.isRunning);
      if (dead) throw new Error(`${dead.name} has ended:\n${dead.output}`);
      await this.ask(GetMemoryStatus, {});
    };
    await eventually(check, { timeoutMs: START_TIMEOUT_MS, intervalMs: 50 }).catch((error: unknown) => {
      throw new Error(this.logs(), { cause: error });
    });
  }
}

/** A text of so many chunks, each of which begins with its number. */
export function textOfChunks(count: number): string {
  const words =
    'the river carries sand and small stones down from the hills into a wide and quiet valley where '.repeat(4);
  return Array.from({ length: count }, (_, index) => `Section ${index + 1}: ${words}it ends.`).join('\n\n');
}
