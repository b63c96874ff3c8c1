import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CountOrphans } from '@parley/contracts';
import { createRoutesApp, type RoutesApp, TENANT } from '../fixtures/routes.fixture.js';

describe('/api/v1/storage', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp();
  });
  afterAll(() => app.close());

  it("counts the orphans of the caller's tenant", async () => {
    app.bus.on(CountOrphans, () => ({ chunks: 1, vectors: 2, blobs: 3, statistics: 4 }));
    const response = await fetch(`${app.url}/api/v1/storage/orphans`);
    expect([response.status, await response.json()]).toEqual([
      200,
      { object: 'storage.orphans', chunks: 1, vectors: 2, blobs: 3, statistics: 4 },
    ]);
    expect(app.bus.requests).toEqual([{ name: CountOrphans.name, request: {}, tenant: TENANT }]);
  });
});
