import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { countSeries } from '@parley/testing';
import { RunningGateway } from '../fixtures/running-gateway.fixture.js';

const METHODS = ['GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS', 'PROPFIND'];

/** One request of each kind, each with ids and names that were never used before. */
async function requestEverything(gateway: RunningGateway): Promise<void> {
  const id = randomUUID();
  const paths = [
    `/${id}`,
    `/v1/${id}/${id}?q=${id}`,
    `/v1/files/file-${id}`,
    `/v1/vector_stores/vs_${id}/files/file-${id}`,
    `/v1/conversations/conv_${id}?after=${id}`,
    `/v1/models/${id}`,
    `/api/v1/tenants/${id}`,
    `/docs/${id}`,
  ];
  const token = `parley_${id.replaceAll('-', '')}`;
  const headers = { 'user-agent': id, 'x-request-id': id, origin: `https://${id}.example` };
  for (const method of METHODS) for (const path of paths) await gateway.call(method, path, { token, headers });
  await gateway.call('POST', '/v1/chat/completions', { token, body: { model: id, messages: [] }, headers });
  await gateway.call('POST', '/api/v1/auth/login', { body: { email: `${id}@example.com`, password: id } });
}

describe('The metrics of HTTP', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await RunningGateway.startOffline();
  });
  afterAll(() => gateway?.stop());

  it('have no more time series after many different ids, paths, models and tenants than after the first', async () => {
    await requestEverything(gateway);
    const first = await countSeries();
    expect(first).toBeGreaterThan(100);
    for (let round = 0; round < 10; round++) await requestEverything(gateway);
    expect(await countSeries()).toBe(first);
  });
});
