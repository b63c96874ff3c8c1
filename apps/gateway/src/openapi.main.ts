import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createApp } from './app.module.js';
import { createOpenApiDocument } from './http/openapi.js';

const TARGET = fileURLToPath(new URL('../../../docs/generated/openapi.json', import.meta.url));

/** Enough to build the app's modules; nothing connects before the app is initialised. */
const NO_SERVICES = {
  JWT_SECRET: 'unused-because-this-process-serves-nothing',
  DATABASE_URL: 'postgres://localhost/unused',
  RABBITMQ_URL: 'amqp://localhost',
  LOG_LEVEL: 'fatal',
};

/** Writes docs/generated/openapi.json, or with `--check` fails when it is not what the code says. */
const { app } = await createApp(NO_SERVICES);
const text = `${JSON.stringify(createOpenApiDocument(app), null, 2)}\n`;
if (!process.argv.includes('--check')) {
  await writeFile(TARGET, text);
} else if ((await readFile(TARGET, 'utf8').catch(() => '')) !== text) {
  process.stderr.write('docs/generated/openapi.json is stale: run `npm run openapi` and commit it.\n');
  process.exit(1);
}
process.exit(0);
