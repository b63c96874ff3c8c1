import { type ErrorCode, type ModelOrigin } from '@parley/contracts';
import { type BreakerState, type ProviderLoad, type Usage } from './chat-provider.js';

export type LlmOperation = 'chat' | 'embedding' | 'speech';

export interface LlmCall {
  operation: LlmOperation;
  provider: string;
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
  breakerChanged?(event: { operation: LlmOperation; provider: string; state: BreakerState }): void;
  loadChanged?(event: { operation: LlmOperation; provider: string; load: ProviderLoad }): void;
  /** The next provider is asked, because the one before failed before it began to answer. */
  fellBack?(event: { from: ModelOrigin; to: ModelOrigin; reason: ErrorCode }): void;
  /** What was used is known, or estimated: of every answer, whichever way it ended. */
  charged?(event: { origin: ModelOrigin; usage: Usage; costMicros: number | null }): void;
  /** A text of so many characters is being read aloud. */
  spoken?(event: { origin: ModelOrigin; characters: number; costMicros: number | null }): void;
}
