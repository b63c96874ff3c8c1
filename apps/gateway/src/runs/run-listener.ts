import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import {
  ControlRun,
  DomainError,
  extentOf,
  GetRunEvents,
  type RunEvent,
  type RunEventsReply,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus, type StreamReader } from '@parley/messaging';
import { v7 as uuidv7 } from 'uuid';

/** The chat service gives a sign of life every 3 s; after this long without one it is asked what became of the run. */
const IDLE_TIMEOUT_MS = 10_000;
/** Events that may wait for a slow client; beyond that it is told the rest anew, in one piece, when it is ready. */
const MAX_BUFFERED_EVENTS = 1_024;
/** How long the process that generates a run may take to answer a new listener. */
const ATTACH_TIMEOUT_MS = 2_000;
/** How long a listener looks for its run: longer than the death of a process takes to be noticed. */
const RECOVERY_TIMEOUT_MS = 30_000;
const RECOVERY_PAUSE_MS = 250;

export interface RunEventItem {
  /** The place in the answer behind this event, and one more behind its end: what a listener goes on from. */
  position: number;
  data: RunEvent;
}

/** What is being listened to, for whom, and from where. */
export interface Listening {
  tenant: TenantContext;
  runId: string;
  /** The place that the listener has heard the answer up to. */
  after: number;
  /** Aborting it ends the listening. */
  signal: AbortSignal;
}

/**
 * Hears a run to its end, whatever happens to the connections and processes between: when its stream breaks off, when the
 * client is too slow for it, or when the process that generates falls silent, it attaches anew at the place it has come
 * to, or takes the rest from what is stored. So no part of the answer is lost or doubled.
 */
@Injectable()
export class RunListener {
  readonly #logger = new Logger(RunListener.name);

  constructor(private readonly bus: MessageBus) {}

  /** To be opened before the run is started. The run must be told this stream's id and address. */
  open(streamId: string, signal: AbortSignal): StreamReader<RunEvent> {
    const options = { idleTimeoutMs: IDLE_TIMEOUT_MS, maxBuffered: MAX_BUFFERED_EVENTS, signal };
    return this.bus.openStream<RunEvent>(streamId, options);
  }

  /**
   * @param opened the stream that the run was started with; absent: attaches to the run
   * @throws DomainError `stream_interrupted` when the run cannot be found again, `events_expired`, or the signal's reason
   */
  async *listen(listening: Listening, opened?: StreamReader<RunEvent>): AsyncGenerator<RunEventItem> {
    let position = listening.after;
    let stream: StreamReader<RunEvent> | null = opened ?? null;
    let lostAt: number | null = null;
    for (;;) {
      stream ??= this.#attach({ ...listening, after: position });
      try {
        for await (const { data } of stream) {
          lostAt = null;
          position += extentOf(data);
          yield { position: isEnd(data) ? position + 1 : position, data };
          if (isEnd(data)) return;
        }
      } catch (error) {
        if (listening.signal.aborted || !isInterruption(error)) throw error;
        this.#logger.debug(`Run ${listening.runId}: ${error.message}`);
      } finally {
        this.#leave(listening, stream);
      }
      stream = null;
      lostAt ??= performance.now();
      const reply = await this.#whatBecame({ ...listening, after: position }, lostAt + RECOVERY_TIMEOUT_MS);
      if (reply.state === 'ended') return yield* toldFrom(reply.from ?? position, reply.events);
      if (reply.state === 'expired') throw expired();
      await pause(RECOVERY_PAUSE_MS, undefined, { signal: listening.signal });
    }
  }

  /** @throws DomainError `not_found` */
  ask({ tenant, runId, after, signal }: Listening): Promise<RunEventsReply> {
    return this.bus.request(GetRunEvents, { id: runId, after }, tenant, { signal });
  }

  #attach({ tenant, runId, after, signal }: Listening): StreamReader<RunEvent> {
    const streamId = uuidv7();
    const stream = this.open(streamId, signal);
    try {
      const { streamAddress } = this.bus;
      this.bus.signal(ControlRun, { runId, action: 'attach', streamId, streamAddress, after }, tenant);
    } catch (error) {
      stream.fail(error as Error);
    }
    stream.expectFirstWithin(ATTACH_TIMEOUT_MS);
    return stream;
  }

  /** The broker and the chat service may be away for a while. */
  async #whatBecame(listening: Listening, deadline: number): Promise<RunEventsReply> {
    for (;;) {
      const mayTryAgain = performance.now() < deadline;
      try {
        const reply = await this.ask(listening);
        if (reply.state !== 'live' || mayTryAgain) return reply;
      } catch (error) {
        if (!mayTryAgain || listening.signal.aborted || !isOutage(error)) throw error;
      }
      if (!mayTryAgain)
        throw new DomainError('stream_interrupted', 'The answer is being written, but cannot be heard.');
      await pause(RECOVERY_PAUSE_MS, undefined, { signal: listening.signal });
    }
  }

  /** So that a run that nobody listens to is not generated for ever; a listener that is gone is noticed anyway. */
  #leave({ tenant, runId }: Listening, stream: StreamReader<RunEvent>): void {
    stream.close();
    try {
      this.bus.signal(ControlRun, { runId, action: 'leave', streamId: stream.streamId }, tenant);
    } catch {
      this.#logger.debug(`Run ${runId}: the broker is away`);
    }
  }
}

export function isEnd({ type }: RunEvent): boolean {
  return type === 'completed' || type === 'cancelled' || type === 'failed';
}

export function* toldFrom(after: number, events: Iterable<RunEvent>): Generator<RunEventItem> {
  let position = after;
  for (const data of events) {
    position += extentOf(data) + (isEnd(data) ? 1 : 0);
    yield { position, data };
  }
}

export function expired(): DomainError {
  const message = 'The events of this run are gone. What is stored of its answer is in its conversation.';
  return new DomainError('events_expired', message);
}

function isInterruption(error: unknown): error is DomainError {
  return error instanceof DomainError && (error.code === 'stream_interrupted' || isOutage(error));
}

function isOutage(error: unknown): boolean {
  return error instanceof DomainError && (error.code === 'service_unavailable' || error.code === 'timeout');
}
