import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { LogLevel } from './log-level.js';

const BY = { tenantId: 't', userId: 'u' };

describe('The level of the log', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  function started(configured = 'error') {
    const lines: Record<string, unknown>[] = [];
    const root = pino({ level: configured }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    return { root, lines, level: new LogLevel(configured, () => root) };
  }

  it('is another one for a while, and is told of at any level', () => {
    const { root, lines, level } = started();
    expect(level.apply({ level: 'debug', changedAt: 1, remainingMs: 60_000 }, BY)).toBe(true);
    expect([root.level, level.level, level.change?.remainingMs]).toEqual(['debug', 'debug', 60_000]);
    jest.advanceTimersByTime(60_000);
    expect([root.level, level.level, level.change]).toEqual(['error', 'error', null]);
    expect(lines).toMatchObject([
      { msg: 'log level changed', logLevel: 'debug', userId: 'u', forMs: 60_000 },
      { msg: 'log level expired' },
    ]);
  });

  it('is that of the latest change, whichever comes first and however often', () => {
    const { root, lines, level } = started();
    level.apply({ level: 'warn', changedAt: 2, remainingMs: 60_000 }, BY);
    expect(level.apply({ level: 'debug', changedAt: 1, remainingMs: 60_000 }, BY)).toBe(false);
    expect(level.apply({ level: 'warn', changedAt: 2, remainingMs: 50_000 }, BY)).toBe(false);
    expect([root.level, lines.length]).toEqual(['warn', 1]);
    expect(level.apply({ level: null, changedAt: 3, remainingMs: 60_000 }, BY)).toBe(true);
    expect(root.level).toBe('error');
  });

  it('stays as it is for a word that is none', () => {
    const { root, level } = started();
    expect(level.apply({ level: 'toString', changedAt: 1, remainingMs: 60_000 }, BY)).toBe(false);
    expect(level.apply({ level: 'loud', changedAt: 1, remainingMs: 60_000 }, BY)).toBe(false);
    expect(root.level).toBe('error');
  });
});
