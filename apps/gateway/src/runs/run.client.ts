import { type BeforeApplicationShutdown, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ServerConfig } from '@parley/config';
import {
  DomainError,
  type RunEvent,
  StartRun,
  type StartRunReply,
  type StartRunRequest,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { v7 as uuidv7 } from 'uuid';

/** The chat service sends heartbeats while the provider is silent, so this is how long its death may go unseen. */
const IDLE_TIMEOUT_MS = 30_000;
/** Events that may wait for a slow client; the text in them is coalesced by the chat service. */
const MAX_BUFFERED_EVENTS = 4_096;
/** Before connections are cut, so that an answer under way ends by saying why. */
const LAST_WORDS_MS = 500;

export type RunRequest = Omit<StartRunRequest, 'runId' | 'streamAddress'>;

export interface RunEventItem {
  /** From 1, without gaps. */
  seq: number;
  data: RunEvent;
}

export interface Run extends StartRunReply {
  /** To be read once. */
  events: AsyncIterable<RunEventItem>;
}

/** Starts runs, which belong to the chat service: leaving the events unread ends the listening, not the run. */
@Injectable()
export class RunClient implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #stopping = new AbortController();
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    private readonly bus: MessageBus,
    private readonly server: ServerConfig,
  ) {}

  beforeApplicationShutdown(): void {
    const reason = new DomainError('stream_interrupted', 'The gateway is stopping; the answer goes on without it.');
    const leftMs = Math.max(0, this.server.shutdownTimeoutMs - LAST_WORDS_MS);
    this.#deadline = setTimeout(() => this.#stopping.abort(reason), leftMs);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#deadline);
  }

  /** Listens before it asks, so that no event is missed. Aborting the signal ends the listening. */
  async start(tenant: TenantContext, request: RunRequest, left: AbortSignal): Promise<Run> {
    const runId = uuidv7();
    const signal = AbortSignal.any([left, this.#stopping.signal]);
    const events = this.bus.openStream<RunEvent>(runId, {
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      maxBuffered: MAX_BUFFERED_EVENTS,
      signal,
    });
    try {
      const { streamAddress } = this.bus;
      const reply = await this.bus.request(StartRun, { ...request, runId, streamAddress }, tenant, { signal });
      return { ...reply, events };
    } catch (error) {
      events.close();
      throw error;
    }
  }
}
