import { afterAll, describe, expect, it } from '@jest/globals';
import { OpenFeature } from '@openfeature/server-sdk';
import { TENANT } from '../fixtures/routes.fixture.js';
import { type FlagValue } from './feature-flag.js';
import { type FeatureFlagsConfig } from './feature-flags.config.js';
import { type FeatureFlagsRepository } from './feature-flags.repository.js';

const { FeatureFlags } = await import('./feature-flags.js');
const { FlagValues } = await import('./flag-values.js');
const { PostgresFlagProvider } = await import('./postgres.flag-provider.js');

const CANARY: FlagValue = { feature: 'canary', percentage: 100, model: 'smart', replacement: 'smart-next' };

/** A database that has these flags, or is away. */
class FakeRepository implements Pick<FeatureFlagsRepository, 'current'> {
  flags: FlagValue[] | Error = [];

  current(): Promise<FlagValue[]> {
    return this.flags instanceof Error ? Promise.reject(this.flags) : Promise.resolve(this.flags);
  }
}

function someFlags() {
  const repository = new FakeRepository();
  const values = new FlagValues(
    repository as unknown as FeatureFlagsRepository,
    { pollMs: 1_000 } as FeatureFlagsConfig,
  );
  return { repository, values, flags: new FeatureFlags(values) };
}

describe('Feature flags', () => {
  afterAll(() => OpenFeature.clearProviders());

  it('are as the code says until they are set', async () => {
    const { repository, values, flags } = someFlags();
    expect(await flags.isOn(TENANT, 'streaming')).toBe(true);
    repository.flags = [{ feature: 'streaming', percentage: 0, model: null, replacement: null }, CANARY];
    await values.refresh();
    expect(await flags.isOn(TENANT, 'streaming')).toBe(false);
    expect(await flags.modelFlags(TENANT)).toEqual([
      { feature: 'canary', model: 'smart', replacement: 'smart-next', isOn: true },
    ]);
  });

  it('stay as they were while the database is away', async () => {
    const { repository, values, flags } = someFlags();
    repository.flags = [{ feature: 'streaming', percentage: 0, model: null, replacement: null }];
    await values.refresh();
    repository.flags = new Error('away');
    await values.refresh();
    expect([values.isStale, await flags.isOn(TENANT, 'streaming')]).toEqual([true, false]);
    repository.flags = [];
    await values.refresh();
    expect([values.isStale, await flags.isOn(TENANT, 'streaming')]).toEqual([false, true]);
  });

  it('are not taken back by a read that began earlier', async () => {
    const { repository, values } = someFlags();
    const slow = Promise.withResolvers<FlagValue[]>();
    repository.current = () => slow.promise;
    const early = values.refresh();
    repository.current = () => Promise.resolve([CANARY]);
    await values.refresh();
    slow.resolve([]);
    await early;
    expect(values.modelFlags).toEqual([CANARY]);
  });

  it('answer as OpenFeature has it: a variant with a reason, and defaults with an error', async () => {
    const { repository, values } = someFlags();
    repository.flags = [CANARY];
    await values.refresh();
    await OpenFeature.setProviderAndWait('spec', new PostgresFlagProvider(values));
    const client = OpenFeature.getClient('spec');
    const user = { targetingKey: TENANT.userId };
    expect(await client.getStringDetails('canary', 'smart', user)).toMatchObject({
      ...{ value: 'smart-next', variant: 'on', reason: 'SPLIT' },
    });
    expect(await client.getStringDetails('canary', 'smart')).toMatchObject({
      ...{ value: 'smart', errorCode: 'TARGETING_KEY_MISSING' },
    });
    expect(await client.getBooleanDetails('nothing', false, user)).toMatchObject({ errorCode: 'FLAG_NOT_FOUND' });
    expect(await client.getNumberDetails('canary', 7, user)).toMatchObject({ value: 7, errorCode: 'TYPE_MISMATCH' });
    repository.flags = new Error('away');
    await values.refresh();
    expect(await client.getStringDetails('canary', 'smart', user)).toMatchObject({ variant: 'on', reason: 'STALE' });
  });
});
