import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { modelsOf, ScriptedProvider } from '../fixtures/scripted-provider.js';
import { ModelCatalog } from './model-catalog.js';

Logger.overrideLogger(false);

function createCatalog(models: () => Promise<string[]>) {
  const provider = new ScriptedProvider();
  const ask = jest.spyOn(provider, 'models').mockImplementation(models);
  return { catalog: new ModelCatalog(modelsOf(provider)), provider, ask };
}

const down = () => Promise.reject(new DomainError('provider_error', 'The provider is down.'));

beforeEach(() => {
  jest.useFakeTimers();
  jest.advanceTimersByTime(3_600_000);
});

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('ModelCatalog', () => {
  it('lists the default model first, whether or not the provider does', async () => {
    const { catalog } = createCatalog(() => Promise.resolve(['other']));
    await expect(catalog.list()).resolves.toEqual(['stub-chat', 'other']);
  });

  it('asks the provider once for many requests, and again after a minute', async () => {
    const { catalog, ask } = createCatalog(() => Promise.resolve(['other']));
    await Promise.all([catalog.list(), catalog.list(), catalog.resolve('other')]);
    expect(ask).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(61_000);
    await catalog.list();
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('never asks for the configured model', async () => {
    const { catalog, ask } = createCatalog(down);
    for (const name of [null, 'default', 'stub-chat']) await expect(catalog.resolve(name)).resolves.toBe('stub-chat');
    expect(ask).not.toHaveBeenCalled();
  });

  it('finds a model that is new, without asking for every unknown name', async () => {
    let models = ['old'];
    const { catalog, ask } = createCatalog(() => Promise.resolve(models));
    await catalog.resolve('old');
    await expect(catalog.resolve('new')).rejects.toMatchObject({ code: 'model_not_found' });
    expect(ask).toHaveBeenCalledTimes(1);
    models = ['old', 'new'];
    jest.advanceTimersByTime(6_000);
    await expect(catalog.resolve('new')).resolves.toBe('new');
  });

  it('keeps the list it has while the provider does not answer', async () => {
    let models: () => Promise<string[]> = () => Promise.resolve(['other']);
    const { catalog } = createCatalog(() => models());
    await catalog.list();
    models = down;
    jest.advanceTimersByTime(61_000);
    await expect(catalog.list()).resolves.toEqual(['stub-chat', 'other']);
    await expect(catalog.isReachable()).resolves.toBe(false);
  });

  it('does not call a model unknown while it cannot know', async () => {
    const { catalog } = createCatalog(down);
    await expect(catalog.resolve('other')).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('is reachable when the provider answers, and not while calls are refused', async () => {
    const { catalog, provider } = createCatalog(() => Promise.resolve([]));
    await expect(catalog.isReachable()).resolves.toBe(true);
    provider.state = 'open';
    await expect(catalog.isReachable()).resolves.toBe(false);
  });
});
