import './register-sources.mjs';

/** Drops what the run's specs left in a database server that outlives them. */
export default async function tearDown() {
  if (!process.env.TEST_DATABASE_URL) return;
  const { dropTestDatabases } = await import('../libs/testing/src/test-database.ts');
  await dropTestDatabases(process.env.TEST_RUN_ID);
}
