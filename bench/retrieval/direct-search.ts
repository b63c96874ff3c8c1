import { TenantContext } from '@parley/contracts';
import { type EmbeddingSpace, KnowledgeSearch } from '@parley/knowledge';
import { type Database } from '@parley/persistence';
import pg from 'pg';
import { type Library, type PlaceName } from './library.js';

/** The statement of a search on a connection of its own, as the app's role and the tenant, with nothing around it. */
export class DirectSearch {
  readonly tenant: TenantContext;
  readonly space: EmbeddingSpace;
  readonly search: KnowledgeSearch;
  readonly knowledgeBaseIds: string[];
  readonly #client: pg.Client;

  private constructor(client: pg.Client, library: Library, place: PlaceName) {
    const { tenantId, knowledgeBaseId } = library.places[place];
    this.#client = client;
    this.tenant = TenantContext.of({ tenantId, userId: tenantId, role: 'admin' });
    this.space = library.space;
    this.knowledgeBaseIds = [knowledgeBaseId];
    const query = async (sql: string, values: unknown[]) => (await client.query(sql, values)).rows;
    const database = { withTenant: (_tenant: TenantContext, work: (tx: object) => unknown) => work({ query }) };
    this.search = new KnowledgeSearch(database as unknown as Database);
  }

  static async open(library: Library, place: PlaceName): Promise<DirectSearch> {
    const client = new pg.Client({ connectionString: library.databaseUrl });
    await client.connect();
    await client.query('set role parley_memory');
    await client.query(`select set_config('parley.tenant_id', $1, false)`, [library.places[place].tenantId]);
    return new DirectSearch(client, library, place);
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
