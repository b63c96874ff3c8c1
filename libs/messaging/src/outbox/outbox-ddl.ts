const SCHEMA = /^[a-z_]+$/;

/** The outbox table of a service as SQL; the app's role needs select, insert, update and delete on it. */
export function outboxDdl(schema: string): string {
  const table = outboxTable(schema);
  return `
    create table ${table} (
      id uuid primary key,
      name text not null,
      payload jsonb not null,
      tenant jsonb not null,
      request_id text not null,
      traceparent text default nullif(current_setting('parley.traceparent', true), ''),
      delivery_attempt int not null default 1,
      due_at timestamptz not null default now(),
      attempts int not null default 0,
      lease_until timestamptz,
      lease_token uuid,
      last_error text,
      created_at timestamptz not null default now(),
      sent_at timestamptz
    );
    create index outbox_due on ${table} (due_at) where sent_at is null;
    create index outbox_sent on ${table} (sent_at) where sent_at is not null;`;
}

/** @throws TypeError when the name would need quoting */
export function outboxTable(schema: string): string {
  if (!SCHEMA.test(schema)) throw new TypeError(`Not a schema name: ${schema}`);
  return `${schema}.outbox`;
}
