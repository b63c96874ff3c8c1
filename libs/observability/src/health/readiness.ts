import { Injectable } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult, HealthIndicatorService } from '@nestjs/terminus';
import { HealthRegistry } from './health-registry.js';
import { ReadinessGate } from './readiness-gate.js';

const CHECK_TIMEOUT_MS = 2_000;

/** Whether this process can take work: all registered checks pass and it is not draining. */
@Injectable()
export class Readiness {
  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly registry: HealthRegistry,
    private readonly gate: ReadinessGate,
  ) {}

  /** @throws ServiceUnavailableException with the state of each part */
  check(): Promise<HealthCheckResult> {
    const checks = [...this.registry.checks].map(([name, check]) => async () => {
      const indicator = this.indicators.check(name);
      try {
        await withDeadline(check());
        return indicator.up();
      } catch {
        return indicator.down();
      }
    });
    const gate = () => {
      const indicator = this.indicators.check('accepting');
      return this.gate.isDraining ? indicator.down() : indicator.up();
    };
    return this.terminus.check([gate, ...checks]);
  }
}

async function withDeadline(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('deadline')), CHECK_TIMEOUT_MS);
  });
  await Promise.race([work, deadline]).finally(() => clearTimeout(timer));
}
