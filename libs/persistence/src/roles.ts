import { APP_ROLES } from './persistence-options.js';

/** The roles of the apps, and the one that owns everything and runs nothing. */
export const ROLES: readonly string[] = ['parley_owner', ...APP_ROLES];

/**
 * SQL that makes a role unless it exists, and lets the current login take it. From PostgreSQL 16 on, a login that is no
 * superuser is a member of the roles that it makes and may not act as them until it has granted them to itself. Who may not
 * grant has been granted it by somebody who may, or will be told by what needs it.
 */
export function ensureRoleSql(role: string): string {
  const name = `"${role.replaceAll('"', '""')}"`;
  const text = `'${role.replaceAll("'", "''")}'`;
  return `
    do $roles$ begin
      if not exists (select from pg_roles where rolname = ${text}) then create role ${name} nologin; end if;
    exception when duplicate_object or unique_violation then null;
    end $roles$;
    do $roles$ begin
      if not pg_has_role(current_user, ${text}, 'usage') then
        grant ${name} to current_user;
      end if;
    exception when unique_violation or insufficient_privilege then null;
    end $roles$;`;
}
