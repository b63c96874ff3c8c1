import { describe, expect, it } from '@jest/globals';
import { lockingStatements } from './fixtures/locking-statements.fixture.js';

const RUNS = 'alter table chat.runs';

describe('What locks a table in use, or breaks the version that still runs', () => {
  it.each([
    ['create index runs_new on chat.runs (status)', 'index runs_new is not built concurrently'],
    [`${RUNS} add column key uuid default gen_random_uuid()`, 'column key has a default of its own for every row'],
    [`${RUNS} add column twice integer generated always as (total_ms * 2) stored`, 'is computed for every row'],
    [`${RUNS} add column place text check (place <> '')`, 'the check of column place reads every row'],
    [`${RUNS} add column code text unique`, 'column code builds an index'],
    [`${RUNS} alter column model set not null`, 'set not null reads every row'],
    [`${RUNS} alter column queue_ms type bigint`, 'changing a type writes every row anew'],
    [`${RUNS} add constraint positive check (total_ms >= 0)`, 'constraint positive reads every row'],
    [`${RUNS} add foreign key (user_id) references identity.users (id)`, 'reads every row'],
    [`${RUNS} add constraint once unique (message_id)`, 'constraint once builds an index'],
    [`${RUNS} drop column model`, 'column model is dropped'],
    [`${RUNS} rename column model to name`, 'knows the old name'],
    [`${RUNS} rename to answers`, 'knows the old name'],
    [`update chat.runs set model = ''`, 'rows are changed in one transaction'],
    ['lock table chat.runs', 'is locked'],
    [`do $$ begin execute 'drop table chat.runs'; end $$`, 'what it does cannot be seen'],
  ])('%s', async (sql, what) => {
    expect(await lockingStatements([sql])).toEqual([expect.stringContaining(what)]);
  });

  it.each([
    'drop table chat.runs',
    'drop view chat.figures',
    'drop function chat.begin_run',
    'drop index chat.runs_by_time',
    'truncate chat.runs',
    'reindex table chat.runs',
  ])('%s', async (sql) => {
    expect(await lockingStatements([sql])).toHaveLength(1);
  });
});

describe('What may be done while a table is in use', () => {
  it.each([
    ['create index concurrently runs_new on chat.runs (status)'],
    ['drop index concurrently if exists chat.runs_new'],
    [`${RUNS} add column place text`],
    [`${RUNS} add column kind text not null default 'answer', add column since timestamptz not null default now()`],
    [`${RUNS} add constraint positive check (total_ms >= 0) not valid`],
    [`${RUNS} validate constraint positive`],
    [`${RUNS} add constraint once unique using index runs_once`],
    ['create table chat.notes (id uuid)', 'create index notes_by_id on chat.notes (id)', 'drop table chat.notes'],
    ['drop function chat.begin_run(uuid)', `create function chat.begin_run() returns void language sql as 'select 1'`],
    [`create or replace function chat.touch() returns void language sql as 'update chat.runs set model = model'`],
  ])('%s', async (...statements) => {
    expect(await lockingStatements(statements)).toEqual([]);
  });
});
