import { DomainError } from '@parley/contracts';
import {
  bulkhead,
  type BulkheadPolicy,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhen,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  retry,
  type RetryPolicy,
} from 'cockatiel';
import { type BreakerState, type ProviderLoad, type StreamOptions } from '../chat-provider.js';
import { type ResolvedLlmOptions } from '../llm-options.js';
import { ProviderFailure } from './provider-failure.js';
import { untilAborted } from './until-aborted.js';
import { Watchdog } from './watchdog.js';

export type PolicyOptions = Pick<
  ResolvedLlmOptions,
  | 'maxConcurrentRequests'
  | 'maxQueuedRequests'
  | 'queueTimeoutMs'
  | 'maxRetries'
  | 'retryDelayMs'
  | 'maxRetryAfterMs'
  | 'breakerThreshold'
  | 'breakerPauseMs'
>;

/** What is tried again where somebody else could answer: once, and soon. */
const HASTY = { maxRetries: 1, maxRetryAfterMs: 1_000 };

/** A place becomes free when somebody's answer ends. */
const RETRY_WHEN_BUSY_MS = 2_000;

export interface PolicyObserver {
  stateChanged?(state: BreakerState): void;
  loadChanged?(load: ProviderLoad): void;
}

const STATES: Record<CircuitState, BreakerState> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
};

/**
 * How one provider is called: bounded concurrency and queue, a breaker, retries. Concurrency covers a whole answer,
 * breaker and retries only its beginning: what has been shown to somebody is never generated again.
 */
export class ProviderPolicy {
  readonly #bulkhead: BulkheadPolicy;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #retry: RetryPolicy;
  readonly #hastyRetry: RetryPolicy;
  #openUntil = 0;

  constructor(
    private readonly options: PolicyOptions,
    private readonly observer: PolicyObserver = {},
  ) {
    this.#bulkhead = bulkhead(options.maxConcurrentRequests, options.maxQueuedRequests);
    this.#breaker = circuitBreaker(
      handleWhen((error) => error instanceof ProviderFailure && error.outage),
      { breaker: new ConsecutiveBreaker(options.breakerThreshold), halfOpenAfter: options.breakerPauseMs },
    );
    this.#breaker.onStateChange((state) => {
      if (state === CircuitState.Open) this.#openUntil = Date.now() + options.breakerPauseMs;
      observer.stateChanged?.(STATES[state]);
    });
    this.#retry = this.#retrying(options);
    this.#hastyRetry = this.#retrying({
      maxRetries: Math.min(options.maxRetries, HASTY.maxRetries),
      maxRetryAfterMs: Math.min(options.maxRetryAfterMs, HASTY.maxRetryAfterMs),
    });
  }

  get state(): BreakerState {
    return STATES[this.#breaker.state];
  }

  get load(): ProviderLoad {
    const { maxConcurrentRequests: maxActive, maxQueuedRequests } = this.options;
    const active = maxActive - this.#bulkhead.executionSlots;
    return { active, queued: maxQueuedRequests - this.#bulkhead.queueSlots, maxActive };
  }

  /**
   * Waits for a place; the returned function gives it back.
   * @throws DomainError `service_unavailable` when the queue is full or the wait too long; the signal's reason on abort
   */
  async admit(signal: AbortSignal): Promise<() => void> {
    const patience = new Watchdog();
    patience.expect(this.options.queueTimeoutMs, 'No place became free at the language model');
    const waiting = AbortSignal.any([signal, patience.signal]);
    const place = new Promise<() => void>((granted, refused) => {
      this.#bulkhead
        .execute(() => new Promise<void>(granted), waiting)
        .catch(refused)
        .finally(() => this.observer.loadChanged?.(this.load));
    });
    this.observer.loadChanged?.(this.load);
    try {
      const leave = await untilAborted(place, waiting);
      this.observer.loadChanged?.(this.load);
      return leave;
    } catch (error) {
      place.then((release) => release()).catch(() => undefined);
      signal.throwIfAborted();
      if (!isBulkheadRejectedError(error) && error !== patience.signal.reason) throw error;
      throw this.#unavailable('The language model is busy.', RETRY_WHEN_BUSY_MS, error);
    } finally {
      patience.rest();
    }
  }

  /**
   * Calls `request` until it succeeds, fails for good, or the retries are used up.
   * @param request settles when the provider has begun to answer
   */
  async run<T>(
    request: () => Promise<T>,
    signal: AbortSignal,
    { hasAlternative = false }: StreamOptions = {},
  ): Promise<T> {
    const policy = hasAlternative ? this.#hastyRetry : this.#retry;
    try {
      return await untilAborted(
        policy.execute(() => this.#guarded(request, signal)),
        signal,
      );
    } catch (error) {
      if (!isBrokenCircuitError(error)) throw error;
      throw this.#pausing(error);
    }
  }

  async #guarded<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    // The library would keep the others waiting for the outcome of the one call that is trying.
    if (this.#breaker.state === CircuitState.HalfOpen) throw this.#pausing();
    return this.#breaker.execute(request);
  }

  #retrying({ maxRetries, maxRetryAfterMs }: Pick<PolicyOptions, 'maxRetries' | 'maxRetryAfterMs'>): RetryPolicy {
    return retry(
      handleWhen((error) => this.#isWorthRetrying(error, maxRetryAfterMs)),
      {
        maxAttempts: maxRetries,
        backoff: new DelegateBackoff(({ attempt, result }) =>
          this.#delayMs(attempt, 'error' in result ? result.error : undefined),
        ),
      },
    ).dangerouslyUnref();
  }

  #isWorthRetrying(error: unknown, maxRetryAfterMs: number): boolean {
    return (
      error instanceof ProviderFailure &&
      error.retryable &&
      (error.retryAfterMs ?? 0) <= maxRetryAfterMs &&
      this.#breaker.state === CircuitState.Closed
    );
  }

  /** The provider's own wish, or doubling with up to a quarter of jitter. */
  #delayMs(attempt: number, error: unknown): number {
    const wish = error instanceof ProviderFailure ? error.retryAfterMs : undefined;
    const backoff = this.options.retryDelayMs * 2 ** (attempt - 1) * (1 - Math.random() / 4);
    return wish ?? Math.min(backoff, this.options.maxRetryAfterMs);
  }

  #pausing(cause?: unknown): DomainError {
    const retryAfterMs = Math.max(this.#openUntil - Date.now(), 1_000);
    return this.#unavailable('The language model provider is failing and is being given a pause.', retryAfterMs, cause);
  }

  #unavailable(message: string, retryAfterMs: number, cause?: unknown): DomainError {
    return new DomainError('service_unavailable', message, { retryAfterMs, cause });
  }
}
