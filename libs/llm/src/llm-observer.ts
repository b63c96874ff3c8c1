import { type ErrorCode } from '@parley/contracts';
import { type BreakerState, type ProviderName, type Usage } from './chat-provider.js';

export type LlmOperation = 'chat' | 'embedding';

export interface LlmCall {
  operation: LlmOperation;
  provider: ProviderName;
  model: string;
}

/** How a call ended: an error's code, `cancelled` by the caller, or `completed`. */
export type LlmOutcome = 'completed' | 'cancelled' | ErrorCode;

/** What apps bind to their metrics. Called synchronously; must not throw. */
export interface LlmObserver {
  requestStarted?(call: LlmCall): void;
  /** `seconds` since the request started, waiting and retries included. */
  firstToken?(event: LlmCall & { seconds: number }): void;
  finished?(event: LlmCall & { outcome: LlmOutcome; seconds: number; usage: Usage }): void;
  breakerChanged?(event: { operation: LlmOperation; provider: ProviderName; state: BreakerState }): void;
}
