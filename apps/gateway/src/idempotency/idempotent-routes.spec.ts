import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

/** Every POST that takes no idempotency key, with the reason. */
const WITHOUT_KEY: Record<string, RegExp> = {
  'reads, or computes and keeps nothing': /\/(search|comparison|embeddings|speech)$/,
  'sets a state, so that a second time changes nothing': /\/(cancel|stop|discard|switch|rollback|finish)$/,
  'is an update under OpenAI’s method': /\/\{\w+_id\}$/,
};

interface Operation {
  parameters?: { name: string; in: string }[];
}

describe('POST routes', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp();
  });
  afterAll(() => app.close());

  it('that start work or make something take an idempotency key', async () => {
    const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
    const { paths } = SwaggerModule.createDocument(app.nest, new DocumentBuilder().build());
    const posts = Object.entries(paths).flatMap(([path, item]) => (item.post ? [[path, item.post] as const] : []));
    const takesKey = ({ parameters = [] }: Operation) => parameters.some(({ name }) => name === 'Idempotency-Key');
    const without = posts.filter(([, operation]) => !takesKey(operation as Operation)).map(([path]) => path);
    const unexplained = without.filter((path) => !Object.values(WITHOUT_KEY).some((reason) => reason.test(path)));
    expect(unexplained).toEqual([]);
    expect(posts.length - without.length).toBeGreaterThan(15);
  });
});
