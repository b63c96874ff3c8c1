import { describe, expect, it } from '@jest/globals';
import { endpointsFromEnvironment, variablesFor } from './service-variables.js';

describe('servers named by the environment', () => {
  it('are those of the TEST_ variables, with the usual place of the HTTP API', () => {
    const env = { TEST_DATABASE_URL: 'postgres://a@db/x', TEST_RABBITMQ_URL: 'amqp://u:p%40@mq:5673/v' };
    expect(endpointsFromEnvironment(env)).toEqual({
      postgres: { url: 'postgres://a@db/x' },
      rabbitmq: { url: 'amqp://u:p%40@mq:5673/v', managementUrl: 'http://u:p%40@mq:15672' },
    });
  });

  it('are never the ones the product runs on, unless that is asked for', () => {
    const env = { DATABASE_URL: 'postgres://production/db', REDIS_URL: 'redis://r' };
    expect(endpointsFromEnvironment(env)).toEqual({});
    expect(endpointsFromEnvironment({ ...env, PARLEY_TEST_USE_ENV: '1' })).toEqual({
      postgres: { url: 'postgres://production/db' },
      redis: { url: 'redis://r' },
    });
  });

  it('come out as they went in', () => {
    const env = {
      TEST_DATABASE_URL: 'postgres://a@db/x',
      TEST_RABBITMQ_URL: 'amqp://mq',
      TEST_RABBITMQ_MANAGEMENT_URL: 'http://u:p@mq:1',
      TEST_REDIS_URL: 'redis://r',
    };
    expect(variablesFor(endpointsFromEnvironment(env))).toEqual(env);
  });
});
