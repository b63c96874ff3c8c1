import { setTimeout as delay } from 'node:timers/promises';
import { type Server, startPrivatePostgres, startPrivateRabbitMq } from '@parley/testing';
import { type AppProcess } from '../app-process.js';
import { type IngestedDocument, IngestionSuite } from '../ingestion-suite.js';
import { childrenOf } from '../processes.js';
import { chaosDocuments } from './chaos-documents.js';
import { type Leftovers, leftoversOf, type Outcome, outcomesOf, type Statistics, statisticsOf } from './chaos-state.js';

export type Victim = 'worker' | 'memory' | 'broker' | 'postgres';
const VICTIMS: readonly Victim[] = ['worker', 'memory', 'broker', 'postgres'];

export interface ChaosOptions {
  documents: number;
  workers: number;
  /** How often each of the four is killed. */
  rounds: number;
  /** Of the ingestion under fire, all waiting included. */
  timeoutMs: number;
  log(line: string): void;
}

export interface ChaosReport {
  kills: { victim: Victim; settledBefore: number; downMs: number }[];
  undisturbed: { outcomes: Outcome[]; statistics: Statistics; seconds: number };
  disturbed: { outcomes: Outcome[]; statistics: Statistics; seconds: number };
  leftovers: Leftovers;
  /** What any of the apps said, for a report of a failure. */
  logs: string;
}

/** Nothing settles for this long: the next kill comes anyway. */
const PATIENCE_MS = 20_000;
/** From death to being started again. */
const DOWN_MS = 500;
const POLL_MS = 100;

/** Ingests the same files twice on servers of its own: in peace, and while everything is killed with -9 in turn. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const servers: Server[] = [];
  let suite: IngestionSuite | undefined;
  try {
    options.log('starting PostgreSQL, RabbitMQ, memory and the workers');
    const postgres = await startPrivatePostgres();
    servers.push(postgres);
    const broker = await startPrivateRabbitMq();
    servers.push(broker);
    suite = await IngestionSuite.start({
      workers: options.workers,
      databaseServerUrl: postgres.endpoints.url,
      rabbitmqUrl: broker.endpoints.url,
      environment: { INGESTION_LEASE_MS: '3000' },
    });
    return await new ChaosRun(suite, { postgres, broker }, options).run();
  } finally {
    await suite?.stop();
    for (const server of servers.reverse()) await server.remove();
  }
}

class ChaosRun {
  readonly #deadline: number;
  readonly #kills: ChaosReport['kills'] = [];
  /** Parser processes that a killed worker left to themselves. */
  readonly #orphans: number[] = [];
  readonly #suite: IngestionSuite;
  readonly #servers: { postgres: Server; broker: Server };
  readonly #options: ChaosOptions;

  constructor(suite: IngestionSuite, servers: { postgres: Server; broker: Server }, options: ChaosOptions) {
    this.#suite = suite;
    this.#servers = servers;
    this.#options = options;
    this.#deadline = performance.now() + 2 * options.timeoutMs;
  }

  async run(): Promise<ChaosReport> {
    const files = chaosDocuments(this.#options.documents);
    const fileIds: string[] = [];
    for (const { content, filename, contentType } of files)
      fileIds.push(await this.#suite.upload(content, filename, contentType));
    const undisturbed = await this.#ingest(fileIds, () => Promise.resolve());
    const disturbed = await this.#ingest(fileIds, (settled) => this.#killInTurn(settled));
    const leftovers = await leftoversOf(this.#suite, this.#orphans, this.#left());
    return { kills: this.#kills, undisturbed, disturbed, leftovers, logs: this.#suite.logs() };
  }

  async #ingest(fileIds: string[], during: (settled: () => Promise<number>) => Promise<void>) {
    const startedAt = performance.now();
    const knowledgeBaseId = await this.#suite.createKnowledgeBase();
    const documents: IngestedDocument[] = [];
    for (const fileId of fileIds) documents.push(await this.#suite.attach(knowledgeBaseId, fileId));
    const settled = () => this.#settledCount(knowledgeBaseId);
    await during(settled);
    await this.#wait('all documents to settle', async () => (await settled()) === documents.length);
    const seconds = (performance.now() - startedAt) / 1000;
    this.#options.log(`${documents.length} documents settled after ${seconds.toFixed(1)} s`);
    return {
      outcomes: await outcomesOf(this.#suite, documents),
      statistics: await statisticsOf(this.#suite, knowledgeBaseId),
      seconds,
    };
  }

  /** Spread over the work: each kill waits until another share of the documents is settled. */
  async #killInTurn(settled: () => Promise<number>): Promise<void> {
    const { rounds, documents } = this.#options;
    const total = rounds * VICTIMS.length;
    for (let count = 0; count < total; count++) {
      const wanted = Math.floor((documents * count) / (total + 1));
      const patience = performance.now() + PATIENCE_MS;
      await this.#wait(`kill ${count + 1}`, async () => performance.now() > patience || (await settled()) >= wanted);
      const victim = VICTIMS[count % VICTIMS.length]!;
      const settledBefore = await settled();
      const startedAt = performance.now();
      await this.#kill(victim, count);
      const downMs = Math.round(performance.now() - startedAt);
      this.#kills.push({ victim, settledBefore, downMs });
      this.#options.log(`killed ${victim} after ${settledBefore} documents, back after ${downMs} ms`);
    }
  }

  async #kill(victim: Victim, count: number): Promise<void> {
    const { postgres, broker } = this.#servers;
    switch (victim) {
      case 'worker': {
        const running = this.#suite.workers.filter(({ isRunning }) => isRunning);
        const worker = running[count % running.length]!;
        this.#orphans.push(...(await childrenOf(worker.pid)));
        await killed(worker);
        await delay(DOWN_MS);
        this.#suite.startWorker();
        return;
      }
      case 'memory':
        await killed(this.#suite.memory);
        await delay(DOWN_MS);
        return this.#suite.startMemory();
      case 'broker':
        return restarted(broker);
      case 'postgres':
        return restarted(postgres);
    }
  }

  /** While Postgres is away nothing is known, which is no reason to stop. */
  async #settledCount(knowledgeBaseId: string): Promise<number> {
    try {
      const [row] = await this.#suite.rows<{ count: number }>(
        `select count(*)::integer as count from memory.documents
         where knowledge_base_id = $1 and status in ('completed', 'failed', 'cancelled')`,
        [knowledgeBaseId],
      );
      return row!.count;
    } catch {
      return 0;
    }
  }

  async #wait(what: string, isDone: () => Promise<boolean>): Promise<void> {
    while (!(await isDone())) {
      if (this.#left() <= 0) throw new Error(`Gave up waiting for ${what}.\n${this.#suite.logs()}`);
      await delay(POLL_MS);
    }
  }

  #left(): number {
    return this.#deadline - performance.now();
  }
}

async function killed(app: AppProcess): Promise<void> {
  app.kill('SIGKILL');
  await app.exited;
}

async function restarted(server: Server): Promise<void> {
  await server.kill();
  await delay(DOWN_MS);
  await server.start();
}
