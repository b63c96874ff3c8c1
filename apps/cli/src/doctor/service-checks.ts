import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { BlobsConfig, BrokerConfig, type Environment, loadConfig } from '@parley/config';
import { type Check } from './check.js';

const HEALTH_TIMEOUT_MS = 5_000;

/** Everything but the database. @param url of an API that should run; null when none is named */
export function serviceChecks(environment: Environment, url: string | null): Check[] {
  return [
    { name: 'Node', run: () => Promise.resolve({ status: 'ok', detail: process.version }) },
    { name: 'RabbitMQ', run: () => checkBroker(environment) },
    { name: 'file store', run: () => checkBlobs(environment) },
    { name: 'API', run: () => checkApi(url) },
  ];
}

async function checkBroker(environment: Environment): ReturnType<Check['run']> {
  if (!environment['RABBITMQ_URL'] && !environment['RABBITMQ_URL_FILE'])
    return { status: 'skipped', detail: 'RABBITMQ_URL is not set' };
  const { rabbitmqUrl } = loadConfig({ broker: BrokerConfig }, environment).broker;
  const { connectRabbitMq } = await import('@parley/messaging');
  const connection = await connectRabbitMq(rabbitmqUrl);
  connection.on('error', () => undefined);
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return { status: 'ok', detail: String(version) };
}

/** What is written can be read and deleted. */
async function checkBlobs(environment: Environment): ReturnType<Check['run']> {
  const config = loadConfig({ blobs: BlobsConfig }, environment).blobs;
  const { BlobStore, createBlobDriver } = await import('@parley/blobs');
  const store = new BlobStore(await createBlobDriver(config));
  const key = `doctor/${randomUUID()}`;
  await store.put(key, Readable.from([Buffer.from(key)]));
  const read = await text(await store.get(key));
  await store.delete(key);
  const where = config.store === 'fs' ? config.uploadDir : `bucket ${config.s3Bucket}`;
  return read === key
    ? { status: 'ok', detail: `${where} can be written and read` }
    : { status: 'failed', detail: `${where} gives back something else than was stored` };
}

async function checkApi(url: string | null): ReturnType<Check['run']> {
  if (url === null) return { status: 'skipped', detail: 'PARLEY_URL is not set' };
  const response = await fetch(`${url.replace(/\/+$/, '')}/health`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
  const { status, version } = (await response.json()) as { status: string; version: string };
  if (status === 'healthy') return { status: 'ok', detail: `${url}, version ${version}` };
  const remedy = 'GET /api/status/detailed tells which service it is.';
  return { status: status === 'degraded' ? 'warning' : 'failed', detail: `${url} is ${status}`, remedy };
}
