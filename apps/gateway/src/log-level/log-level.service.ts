import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { SetLogLevel, type SetLogLevelPayload, type TenantContext } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { LogLevel } from '@parley/observability';
import { assertPlatformAdmin, type Principal } from '../identity/principal.js';

/** A replica that has just started hears of it within so long. */
const SAID_EVERY_MS = 1_000;
/** Of gateways that say the same, the first one is enough. */
const JITTER_MS = 400;
/** How long a reset is said, for replicas that are away just then. */
const RESET_SAID_MS = 60_000;

export interface LogLevelState {
  level: string;
  configured: string;
  /** Null: for good. */
  expiresAt: Date | null;
}

/**
 * Sets how much every replica of every app tells in its log, for a while. It is kept by the gateways, which say it again
 * while it holds, and in no database: that may be what is to be looked into.
 */
@Injectable()
export class LogLevelService implements OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly logLevel: LogLevel,
    private readonly bus: MessageBus,
  ) {}

  /** @throws DomainError `insufficient_scope` */
  get(principal: Principal): LogLevelState {
    assertPlatformAdmin(principal);
    const { level, configured, change } = this.logLevel;
    const isOther = change !== null && change.level !== null;
    return { level, configured, expiresAt: isOther ? new Date(Date.now() + change.remainingMs) : null };
  }

  /** @throws DomainError `insufficient_scope`, `service_unavailable` when the other replicas cannot be told */
  set(principal: Principal, level: string, forMs: number): LogLevelState {
    return this.#change(principal, level, forMs);
  }

  /** As it is configured. @throws like `set` */
  reset(principal: Principal): LogLevelState {
    return this.#change(principal, null, RESET_SAID_MS);
  }

  /** Another gateway has said it, or this one. */
  heard(change: SetLogLevelPayload, tenant: TenantContext): void {
    this.logLevel.apply(change, tenant);
    this.#sayLater(tenant);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#timer);
  }

  #change(principal: Principal, level: string | null, remainingMs: number): LogLevelState {
    assertPlatformAdmin(principal);
    // Later than what is known, whichever clock that came from.
    const changedAt = Math.max(Date.now(), (this.logLevel.change?.changedAt ?? 0) + 1);
    const change = { level, changedAt, remainingMs };
    this.bus.signal(SetLogLevel, change, principal.tenant);
    this.heard(change, principal.tenant);
    return this.get(principal);
  }

  #sayLater(tenant: TenantContext): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#say(tenant), SAID_EVERY_MS + Math.random() * JITTER_MS).unref();
  }

  #say(tenant: TenantContext): void {
    const { change } = this.logLevel;
    if (change === null) return;
    try {
      this.bus.signal(SetLogLevel, change, tenant);
    } catch {
      // The broker is away: it is said again.
    }
    this.#sayLater(tenant);
  }
}
