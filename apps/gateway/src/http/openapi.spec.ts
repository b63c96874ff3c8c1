import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenAPIObject } from '@nestjs/swagger';
import { RunningGateway } from '../fixtures/running-gateway.fixture.js';
import { operationsOf } from './openapi-operations.js';

const COMMITTED = new URL('../../../../docs/generated/openapi.json', import.meta.url);

describe('The OpenAPI document', () => {
  let document: OpenAPIObject;
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await RunningGateway.startOffline();
    document = (await gateway.call('GET', '/api/docs-json')).body as unknown as OpenAPIObject;
  });
  afterAll(() => gateway.stop());

  it('is committed as the code says it', async () => {
    const committed = JSON.parse(await readFile(COMMITTED, 'utf8')) as OpenAPIObject;
    const isFresh = JSON.stringify(committed) === JSON.stringify(document);
    expect(isFresh ? 'fresh' : 'stale: run `npm run openapi` and commit docs/generated/openapi.json').toBe('fresh');
  });

  it('says of every route what it does, what it needs and how it fails', () => {
    for (const { path, operation } of operationsOf(document)) {
      expect({ path, summary: operation.summary, tags: operation.tags }).toEqual({
        path,
        summary: expect.stringMatching(/./),
        tags: [expect.any(String)],
      });
      const isPublic = /health|auth\/login/.test(path);
      expect([path, operation.security]).toEqual([path, isPublic ? [] : [{ bearer: [] }, { 'api-key': [] }]]);
      const dialect = path.startsWith('/v1/') ? 'OpenAiError' : 'Problem';
      expect([path, JSON.stringify(operation.responses.default)]).toEqual([path, expect.stringContaining(dialect)]);
    }
  });

  it('refers to nothing that is not in it', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    const known = Object.keys(document.components?.schemas ?? {});
    expect(references.length).toBeGreaterThan(20);
    expect(references.map(([, name]) => name).filter((name) => !known.includes(name!))).toEqual([]);
  });
});
