import { Injectable } from '@nestjs/common';

export type HealthCheck = () => Promise<void>;

/** What this process cannot work without. Language models are not here: without one the suite is degraded, not down. */
@Injectable()
export class HealthRegistry {
  readonly #checks = new Map<string, HealthCheck>();

  /** @param check rejects, or takes longer than the deadline, when its part is down */
  register(name: string, check: HealthCheck): void {
    this.#checks.set(name, check);
  }

  get checks(): ReadonlyMap<string, HealthCheck> {
    return this.#checks;
  }
}
