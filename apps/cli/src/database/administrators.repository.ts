import { v7 as uuidv7 } from 'uuid';
import { type Connection, withConnection } from './connection.repository.js';

const TENANT_NAME = 'default';

export interface NewAdministrator {
  email: string;
  passwordHash: string;
}

/** An administrator of the tenant that the installation was set up with, which is made when there is none yet. */
export function saveAdministrator(
  url: string,
  administrator: NewAdministrator,
  mayReset: boolean,
): Promise<'created' | 'reset' | 'exists'> {
  const { email, passwordHash } = administrator;
  return withConnection(url, async (connection) => {
    await connection.query('begin');
    await connection.query('set local role parley_gateway');
    const [first] = await connection.query<{ created: boolean }>(
      'select identity.bootstrap_admin($1, $2, $3, $4, $5) as created',
      [uuidv7(), TENANT_NAME, uuidv7(), email, passwordHash],
    );
    const outcome = first!.created ? 'created' : await addTo(connection, administrator, mayReset);
    await connection.query('commit');
    return outcome;
  });
}

async function addTo(
  connection: Connection,
  { email, passwordHash }: NewAdministrator,
  mayReset: boolean,
): Promise<'created' | 'reset' | 'exists'> {
  const [known] = await connection.query<{ tenant_id: string }>('select * from identity.find_platform_admin($1)', [
    email,
  ]);
  if (!known) throw new Error('The first tenant has no administrator who is enabled.');
  const { tenant_id: tenantId } = known;
  await connection.query(`select set_config('parley.tenant_id', $1, true)`, [tenantId]);
  // Other tenants' users have addresses that nobody else may take; they are not seen here.
  const created = await connection.query(
    `insert into identity.users (id, tenant_id, email, password_hash, role) values ($1, $2, $3, $4, 'admin')
     on conflict do nothing returning id`,
    [uuidv7(), tenantId, email, passwordHash],
  );
  if (created.length > 0) return 'created';
  if (!mayReset) return 'exists';
  const changed = await connection.query(
    `update identity.users set password_hash = $3, disabled_at = null
     where tenant_id = $1 and lower(email) = lower($2) and role = 'admin' returning id`,
    [tenantId, email, passwordHash],
  );
  return changed.length > 0 ? 'reset' : 'exists';
}
