import { type AppRole } from './persistence-options.js';

const CURRENT_TENANT = `nullif(current_setting('parley.tenant_id', true), '')::uuid`;

/**
 * SQL that puts a table behind forced row-level security: the named app roles see the current transaction's tenant alone,
 * and nothing when none is set. The owner, as which only `security definer` functions run, sees all rows and checks the
 * tenant itself: a policy with a condition would switch off the GIN and HNSW indexes there.
 */
export function tenantIsolationSql(
  table: string,
  roles: Partial<Record<AppRole, string>>,
  column = 'tenant_id',
): string {
  const names = Object.keys(roles);
  const grants = Object.entries(roles).map(([role, privileges]) => `grant ${privileges} on ${table} to ${role};`);
  return `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy tenant_isolation on ${table} to ${names.join(', ')}
      using (${column} = ${CURRENT_TENANT}) with check (${column} = ${CURRENT_TENANT});
    create policy owner_access on ${table} to parley_owner using (true) with check (true);
    ${grants.join('\n')}`;
}
