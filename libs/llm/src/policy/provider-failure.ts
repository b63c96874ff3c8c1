import { DomainError, type DomainErrorOptions, type ErrorCode } from '@parley/contracts';

export interface ProviderFailureOptions extends DomainErrorOptions {
  /** Whether the same request may succeed on another try. */
  retryable?: boolean;
  /** Whether it says that the provider is down, as opposed to having refused this request. */
  outage?: boolean;
  /** Whether the provider itself did not answer: unreachable, overloaded or out of service, whatever the request was. */
  away?: boolean;
}

/** What went wrong at the provider, with what the policy must know about it. */
export class ProviderFailure extends DomainError {
  readonly retryable: boolean;
  readonly outage: boolean;
  readonly away: boolean;

  constructor(code: ErrorCode, message: string, options: ProviderFailureOptions = {}) {
    super(code, message, options);
    this.retryable = options.retryable ?? false;
    this.outage = options.outage ?? false;
    this.away = options.away ?? false;
  }
}
