import { ProviderFailure } from './provider-failure.js';

/** Aborts its signal with a `timeout` failure when what is expected does not happen in time. One expectation at a time. */
export class Watchdog {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Replaces the expectation before. */
  expect(withinMs: number, failure: string): void {
    this.rest();
    this.#timer = setTimeout(() => {
      this.#controller.abort(
        new ProviderFailure('timeout', `${failure} within ${withinMs / 1_000} s.`, { outage: true }),
      );
    }, withinMs).unref();
  }

  /** Expects nothing: while somebody else is to act, and in the end. */
  rest(): void {
    clearTimeout(this.#timer);
  }
}
