import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { AppProcess } from './support/app-process.js';

const FAULTS = {
  PORT: '99999',
  LOG_LEVEL: 'loud',
  DATABASE_URL: 'mysql://localhost/parley',
  RABBITMQ_URL: 'http://localhost',
  JWT_SECRET: 'short',
  MAX_FILE_SIZE: 'plenty',
  OPENAI_TEMPERATURE: 'hot',
  SHORT_TERM_MEMORY_SIZE: '-1',
};
const EVERYWHERE = ['PORT', 'LOG_LEVEL', 'DATABASE_URL', 'RABBITMQ_URL'];

it.each([
  ['gateway', 'gateway', [...EVERYWHERE, 'JWT_SECRET', 'MAX_FILE_SIZE']],
  ['chat', 'chat', [...EVERYWHERE, 'OPENAI_TEMPERATURE', 'SHORT_TERM_MEMORY_SIZE']],
  ['memory', 'memory', [...EVERYWHERE, 'OPENAI_TEMPERATURE']],
  ['ingestion-worker', 'ingestion-worker', [...EVERYWHERE, 'OPENAI_TEMPERATURE']],
  ['standalone', 'Parley', Object.keys(FAULTS)],
])('%s does not start with wrong settings, and names all of them in one message', async (app, name, settings) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
  const process = AppProcess.start(app, { ...FAULTS, PARLEY_DATA_DIR: folder });
  expect(await process.exited).toBe(1);
  const [first, ...lines] = process.output.trimEnd().split('\n');
  expect(first).toBe(`${name} did not start. The configuration has ${settings.length} faults:`);
  expect(lines.map((line) => /^ {2}- ([A-Z_]+) /.exec(line)?.[1]).sort()).toEqual([...settings].sort());
  expect(await readdir(folder)).not.toContain('lock');
  await rm(folder, { recursive: true, force: true });
});
