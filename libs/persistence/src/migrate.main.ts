import { migrate } from './migrate.js';

const url = process.env['DATABASE_URL'] ?? process.env['POSTGRES_URL'];
if (!url) {
  process.stderr.write('DATABASE_URL is required: a login that may create roles, schemas and the vector extension.\n');
  process.exit(1);
}
try {
  const { applied } = await migrate(url);
  process.stdout.write(
    applied.length === 0 ? 'The database is up to date.\n' : `Applied:\n  ${applied.join('\n  ')}\n`,
  );
} catch (error) {
  process.stderr.write(
    `The migration failed and was undone: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
}
