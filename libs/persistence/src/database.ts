import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DomainError, type TenantContext } from '@parley/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { isConnectionFailure } from './connection-failure.js';
import { appOf, PERSISTENCE_OPTIONS, type PersistenceOptions } from './persistence-options.js';
import { type ObservedPool, observePool, timedWait } from './pool-metrics.js';

const RETRY_AFTER_MS = 2_000;

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

  constructor(@Inject(PERSISTENCE_OPTIONS) private readonly options: PersistenceOptions) {
    this.#app = appOf(options.role);
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

  async #transaction<T>(tenantId: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    try {
      await this.#connect();
      return await this.#run(tenantId, work);
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
    try {
      await timedWait(this.#app, runner.connect());
      // One round trip instead of two. Both values are ours: a role's name, and a uuid or nothing.
      await runner.query(`begin; set local role ${this.options.role}; set local parley.tenant_id = '${tenantId}'`);
      // TypeORM is told, so that locks and nested transactions of its own take this one.
      Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 });
      const result = await work(runner.manager);
      await runner.query('commit');
      return result;
    } catch (error) {
      await runner.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
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
