import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DomainError, type SetLogLevelPayload, TenantContext } from '@parley/contracts';
import { type MessageBus } from '@parley/messaging';
import { LogLevel } from '@parley/observability';
import { type Principal } from '../identity/principal.js';
import { LogLevelService } from './log-level.service.js';

const ID = '018f0000-0000-7000-8000-000000000000';
const tenant = TenantContext.of({ tenantId: ID, userId: ID, role: 'admin' });
const admin = { tenant, isPlatformAdmin: true } as Principal;

describe('LogLevelService', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  function gateway(said: SetLogLevelPayload[] = []) {
    const root = {
      level: 'info',
      levels: { values: { debug: 20, info: 30 } },
      child: () => ({ info: () => undefined }),
    };
    const logLevel = new LogLevel('info', () => root as never);
    const bus = {
      isAway: false,
      signal: (_: unknown, change: SetLogLevelPayload) => {
        if (bus.isAway) throw new DomainError('service_unavailable', 'away');
        said.push(change);
      },
    };
    return { said, bus, root, levels: new LogLevelService(logLevel, bus as unknown as MessageBus) };
  }

  it('tells everybody at once, and again while it holds, for those who come later', () => {
    const { said, bus, root, levels } = gateway();
    const set = levels.set(admin, 'debug', 10_000);
    expect(set).toMatchObject({ level: 'debug', configured: 'info', expiresAt: expect.any(Date) });
    expect([root.level, said.length]).toEqual(['debug', 1]);
    bus.isAway = true;
    jest.advanceTimersByTime(1_500);
    bus.isAway = false;
    jest.advanceTimersByTime(1_500);
    expect(said.at(-1)).toMatchObject({ level: 'debug', changedAt: said[0]!.changedAt });
    expect(said.at(-1)!.remainingMs).toBeLessThanOrEqual(8_000);
    jest.advanceTimersByTime(10_000);
    const count = said.length;
    jest.advanceTimersByTime(60_000);
    expect([root.level, said.length, levels.get(admin).expiresAt]).toEqual(['info', count, null]);
  });

  it('leaves the saying to another gateway that does it, and says it once that is gone', () => {
    const { said, levels } = gateway();
    for (let second = 0; second < 5; second++) {
      levels.heard({ level: 'debug', changedAt: 1, remainingMs: 60_000 }, tenant);
      jest.advanceTimersByTime(900);
    }
    expect(said).toEqual([]);
    jest.advanceTimersByTime(600);
    expect(said).toHaveLength(1);
  });

  it('changes what another gateway has set, whichever clock is ahead', () => {
    const { root, said, levels } = gateway();
    const ahead = Date.now() + 3_600_000;
    levels.heard({ level: 'debug', changedAt: ahead, remainingMs: 60_000 }, tenant);
    expect(levels.reset(admin)).toEqual({ level: 'info', configured: 'info', expiresAt: null });
    expect([root.level, said.at(-1)]).toMatchObject(['info', { level: null, changedAt: ahead + 1 }]);
  });

  it('is for administrators of the first tenant', () => {
    const { said, levels } = gateway();
    const other = { ...admin, isPlatformAdmin: false };
    for (const act of [() => levels.get(other), () => levels.set(other, 'debug', 1_000), () => levels.reset(other)]) {
      expect(act).toThrow(expect.objectContaining({ code: 'insufficient_scope' }));
    }
    expect(said).toEqual([]);
  });

  it('changes nothing when the others cannot be told', () => {
    const { root, bus, levels } = gateway();
    bus.isAway = true;
    expect(() => levels.set(admin, 'debug', 1_000)).toThrow(expect.objectContaining({ code: 'service_unavailable' }));
    expect(root.level).toBe('info');
  });
});
