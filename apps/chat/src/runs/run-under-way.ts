import { type ModelOrigin, type SearchHit, type TenantContext } from '@parley/contracts';
import { type Answer } from './answer.js';
import { type Checkpoint } from './checkpoint.js';
import { type RepeatedBeginning } from './continuation.js';
import { type Retrieval } from './retrieval.client.js';
import { type RunEvents } from './run-events.js';
import { type RunPlan } from './run-plan.js';
import { type PreparedRequest } from './run-request.js';

export interface RunUnderWay {
  tenant: TenantContext;
  plan: RunPlan;
  /** When the request arrived, by `performance.now()`. */
  receivedAt: number;
  /** Null when nothing is searched. */
  retrieval: Promise<Retrieval | null>;
  /** Of that and the plan. */
  prepared: Promise<PreparedRequest>;
  /** Until it resolves nothing may be told; when it rejects, the run never was. */
  stored: Promise<void>;
  /** Aborting it ends the run with the reason. */
  stop: AbortController;
  events: RunEvents;
}

/** How far it is. */
export interface Progress {
  answer: Answer;
  passages: SearchHit[];
  checkpoint: Checkpoint;
  /** Who is stored as the one that answers, as soon as it is not who was asked first. */
  origin: ModelOrigin;
  originNoted: Promise<void>;
  beginning: RepeatedBeginning;
  retrievalMs: number | null;
  firstTokenMs: number | null;
}
