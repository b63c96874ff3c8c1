import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { gauge } from '@parley/observability';
import { BUILT_IN_FLAGS, type FlagValue } from './feature-flag.js';
import { FeatureFlagsConfig } from './feature-flags.config.js';
import { FeatureFlagsRepository } from './feature-flags.repository.js';

const readers = new Set<FlagValues>();
gauge(
  'parley_feature_flags_age_seconds',
  'Since the feature flags were last read; they are as they were then',
  [],
  (metric) => {
    const ages = [...readers].map((reader) => reader.ageMs / 1_000);
    if (ages.length > 0) metric.set(Math.max(...ages));
  },
);

/**
 * The flags as the database has them, read again and again so that a change reaches every gateway with or without a broker.
 * While the database is away they are as they were last; before it has ever answered, as the code says.
 */
@Injectable()
export class FlagValues implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(FlagValues.name);
  #stored: readonly FlagValue[] = [];
  #readAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #isStale = false;
  #reads = 0;

  constructor(
    private readonly repository: FeatureFlagsRepository,
    private readonly config: FeatureFlagsConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    readers.add(this);
    await this.#turn();
  }

  onModuleDestroy(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    readers.delete(this);
  }

  get ageMs(): number {
    return performance.now() - this.#readAt;
  }

  /** Whether the last attempt to read them failed. */
  get isStale(): boolean {
    return this.#isStale;
  }

  find(feature: string): FlagValue | null {
    return this.#stored.find((flag) => flag.feature === feature) ?? builtIn(feature);
  }

  get modelFlags(): readonly FlagValue[] {
    return this.#stored.filter(({ model }) => model !== null);
  }

  /** Never rejects. What a read that began later has brought is not taken back by an earlier one. */
  async refresh(): Promise<void> {
    const read = ++this.#reads;
    try {
      const flags = await this.repository.current();
      if (read !== this.#reads) return;
      this.#stored = flags;
      this.#readAt = performance.now();
      this.#isStale = false;
    } catch (error) {
      if (!this.#isStale) this.#logger.warn(`Feature flags stay as they are: ${(error as Error).message}`);
      this.#isStale = true;
    }
  }

  async #turn(): Promise<void> {
    await this.refresh();
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#turn(), this.config.pollMs).unref();
  }
}

function builtIn(feature: string): FlagValue | null {
  const known = Object.entries(BUILT_IN_FLAGS).find(([name]) => name === feature);
  return known ? { feature, percentage: known[1].percentage, model: null, replacement: null } : null;
}
