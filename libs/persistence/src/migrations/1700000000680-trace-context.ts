import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What caused a command or a job, as a W3C trace context, so that what comes of it later belongs to the same trace. Each
 * transaction sets it beside the tenant, and every insert takes it from there. A job knows its first attempt too, which
 * later ones are linked to. The defaults come after the columns: nothing is rewritten.
 */
const COLUMNS = `
  alter table memory.outbox add column traceparent text;
  alter table memory.outbox alter column traceparent set default nullif(current_setting('parley.traceparent', true), '');
  alter table memory.ingestion_jobs add column traceparent text, add column first_attempt_traceparent text;
  alter table memory.ingestion_jobs
    alter column traceparent set default nullif(current_setting('parley.traceparent', true), '');`;

export class TraceContext1700000000680 implements MigrationInterface {
  readonly name = 'TraceContext1700000000680';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(COLUMNS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table memory.ingestion_jobs drop column first_attempt_traceparent, drop column traceparent',
    );
    await runner.query('alter table memory.outbox drop column traceparent');
  }
}
