import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LlmConfig, ServerConfig } from '@parley/config';
import { countTokens } from '@parley/llm';
import { RabbitMqStrategy } from '@parley/messaging';
import { ActiveRuns } from './active-runs.js';
import { RunLeases } from './run-leases.js';

/** Kept for storing runs that had to be stopped. */
const STOPPING_MS = 1_000;

/** No answer is lost when the app stops: no new requests, then the runs under way, only then the connections. */
@Injectable()
export class RunsLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly strategy: RabbitMqStrategy,
    private readonly active: ActiveRuns,
    private readonly leases: RunLeases,
    private readonly server: ServerConfig,
    private readonly llm: LlmConfig,
  ) {}

  /** The tokenizer takes a moment to load, which the first question should not pay. */
  onApplicationBootstrap(): void {
    this.leases.start();
    countTokens('', this.llm.model);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.strategy.close();
    await this.active.drain(Math.max(0, this.server.shutdownTimeoutMs - STOPPING_MS));
    await this.leases.stop();
  }
}
