import { describe, expect, it } from '@jest/globals';
import { summaryOf } from './traced-statements.js';

describe('The name of a statement’s span', () => {
  it.each([
    ['select id from memory.files where tenant_id = $1', 'SELECT memory.files'],
    ['SELECT "f"."id" FROM "memory"."files" "f" WHERE 1 = 1', 'SELECT memory.files'],
    ['insert into chat.runs (id) values ($1)', 'INSERT chat.runs'],
    ['  with job as (update memory.ingestion_jobs set x = 1) select * from job', 'UPDATE memory.ingestion_jobs'],
    ['select memory.next_ingestion_job($1)', 'SELECT memory.next_ingestion_job'],
    ['select * from memory.embeddings_00017_1536 where id = $1', 'SELECT'],
    ['commit', 'COMMIT'],
    ['vacuum', 'QUERY'],
  ])('tells what is done to which table: %s', (sql, summary) => {
    expect(summaryOf(sql)).toBe(summary);
  });
});
