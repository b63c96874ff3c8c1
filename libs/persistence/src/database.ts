import { type Socket } from 'node:net';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DomainError, type TenantContext } from '@parley/contracts';
import { parseTraceparent, requestScope, type SpanAttributes, traced } from '@parley/observability';
import { type PoolClient } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { isConnectionFailure } from './connection-failure.js';
import { appOf, PERSISTENCE_OPTIONS, type PersistenceOptions } from './persistence-options.js';
import { type ObservedPool, observePool, timedWait } from './pool-metrics.js';
import { spanOf, traceStatements } from './traced-statements.js';

const RETRY_AFTER_MS = 2_000;

/** A statement that is a transaction of its own. */
export interface SentStatement<Row> {
  /** Known before the transaction is committed: what they say holds only once it is. */
  rows: Promise<Row[]>;
  /** Rejects when the transaction failed, whatever failed of it. */
  committed: Promise<void>;
}

/**
 * The only way to Postgres. Every piece of work is one transaction that takes the app's role and, when there is one, the
 * tenant: row-level security then shows that tenant's rows alone. Nothing relies on the session, because the embedded
 * server shares one session among all connections and a pooler may do so too.
 */
@Injectable()
export class Database implements OnModuleInit, OnApplicationShutdown {
  readonly #dataSource: DataSource;
  readonly #app: string;
  #connecting: Promise<unknown> | undefined;
  #forgetPool: (() => void) | undefined;
  readonly #attributes: SpanAttributes;

  constructor(@Inject(PERSISTENCE_OPTIONS) private readonly options: PersistenceOptions) {
    this.#app = appOf(options.role);
    this.#attributes = { 'db.system.name': 'postgresql', 'db.namespace': options.schema };
    this.#dataSource = new DataSource({
      type: 'postgres',
      url: options.url,
      schema: options.schema,
      entities: options.entities,
      poolSize: options.poolSize,
      applicationName: options.role,
      connectTimeoutMS: 5_000,
      installExtensions: false,
      extra: {
        statement_timeout: options.statementTimeoutMs,
        query_timeout: options.statementTimeoutMs + 1_000,
        connectionTimeoutMillis: 5_000,
        idleTimeoutMillis: 60_000,
        keepAlive: true,
        // Statements go out without waiting for the answers to those before them; the server takes them in order.
        pipeline: true,
      },
    });
  }

  /** A database that is down must not stop the app from starting: readiness tells, and the next call connects. */
  async onModuleInit(): Promise<void> {
    await this.#connect().catch(() => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    this.#forgetPool?.();
    if (this.#dataSource.isInitialized) await this.#dataSource.destroy();
  }

  /** @throws DomainError `service_unavailable` when Postgres cannot be reached. */
  withTenant<T>(tenant: TenantContext, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.#transaction(tenant.tenantId, work);
  }

  /** For infrastructure tables and the functions that check their own tenant argument: sees no user data. */
  withoutTenant<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.#transaction('', work);
  }

  /** One statement, in one round trip. @throws like `withTenant` */
  async query<Row>(tenant: TenantContext, sql: string, values: unknown[]): Promise<Row[]> {
    const { rows, committed } = this.send<Row>(tenant, sql, values);
    await committed;
    return rows;
  }

  /** The same for callers who go on with the rows while the commit is under way. */
  send<Row>({ tenantId }: TenantContext, sql: string, values: unknown[]): SentStatement<Row> {
    const rows = Promise.withResolvers<Row[]>();
    rows.promise.catch(() => undefined);
    const committed = this.#whileReachable(() => this.#sendOne(tenantId, { sql, values, answered: rows.resolve }));
    committed.catch(rows.reject);
    return { rows: rows.promise, committed };
  }

  /**
   * Finds out whose work there is, seeing no user data, and does it as that tenant in the same transaction, so that what
   * was locked in finding it stays locked. @returns null when there is none
   */
  withFoundTenant<Found extends { tenant: TenantContext }, T>(
    find: (tx: EntityManager) => Promise<Found | null>,
    work: (tx: EntityManager, found: Found) => Promise<T>,
  ): Promise<T | null> {
    return this.withoutTenant(async (tx) => {
      const found = await find(tx);
      if (found === null) return null;
      await tx.query(`select set_config('parley.tenant_id', $1, true)`, [found.tenant.tenantId]);
      return work(tx, found);
    });
  }

  /** @throws when Postgres does not answer. */
  async ping(): Promise<void> {
    await this.withoutTenant((tx) => tx.query('select 1'));
  }

  #transaction<T>(tenantId: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.#whileReachable(() => this.#run(tenantId, work));
  }

  async #whileReachable<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.#connect();
      return await traced('transaction', { attributes: this.#attributes }, work);
    } catch (error) {
      if (!isConnectionFailure(error)) throw error;
      throw new DomainError('service_unavailable', 'The database cannot be reached.', {
        retryAfterMs: RETRY_AFTER_MS,
        cause: error,
      });
    }
  }

  async #run<T>(tenantId: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    const runner = this.#dataSource.createQueryRunner();
    let begun: Promise<unknown> | undefined;
    try {
      await timedWait(this.#app, runner.connect());
      // Not waited for: should it fail, the server refuses all that follows.
      begun = runner.query(this.#begin(tenantId));
      begun.catch(() => undefined);
      traceStatements(runner, this.#attributes);
      // TypeORM is told, so that locks and nested transactions of its own take this one.
      Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 });
      const result = await work(runner.manager);
      await begun;
      await runner.query('commit');
      return result;
    } catch (error) {
      const beginning = await begun?.then(
        () => null,
        (reason: unknown) => ({ reason }),
      );
      await runner.query('rollback').catch(() => undefined);
      throw beginning ? beginning.reason : error;
    } finally {
      await runner.release();
    }
  }

  /** All of it in one piece. Should the beginning fail, the server refuses the statement, and the commit undoes it. */
  async #sendOne<Row>(
    tenantId: string,
    { sql, values, answered }: { sql: string; values: unknown[]; answered: (rows: Row[]) => void },
  ): Promise<void> {
    const runner = this.#dataSource.createQueryRunner();
    try {
      const client = (await timedWait(this.#app, runner.connect())) as PoolClient & { connection: { stream: Socket } };
      const { stream } = client.connection;
      stream.cork();
      const sent = [
        client.query(this.#begin(tenantId)),
        traced(...spanOf(sql, this.#attributes), () => client.query(sql, values)).then(({ rows }) =>
          answered(rows as Row[]),
        ),
        client.query('commit'),
      ];
      stream.uncork();
      const failed = (await Promise.allSettled(sent)).find(({ status }) => status === 'rejected');
      if (failed) throw (failed as PromiseRejectedResult).reason;
    } finally {
      await runner.release();
    }
  }

  /** One round trip instead of three. The values are ours: a role's name, a uuid or nothing, a checked trace context. */
  #begin(tenantId: string): string {
    return `begin; set local role ${this.options.role}; set local parley.tenant_id = '${tenantId}'${setTraceparent()}`;
  }

  async #connect(): Promise<void> {
    if (this.#dataSource.isInitialized) return;
    this.#connecting ??= this.#initialize().finally(() => (this.#connecting = undefined));
    await this.#connecting;
  }

  async #initialize(): Promise<void> {
    await this.#dataSource.initialize();
    const { master } = this.#dataSource.driver as unknown as { master: ObservedPool };
    this.#forgetPool = observePool(this.#app, master);
  }
}

/** Rows of commands and jobs keep it by their columns' defaults: what comes of them later belongs to the same trace. */
function setTraceparent(): string {
  const { traceparent } = requestScope;
  return parseTraceparent(traceparent) ? `; set local parley.traceparent = '${traceparent}'` : '';
}
