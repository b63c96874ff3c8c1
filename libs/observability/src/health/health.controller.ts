import { Controller, Get } from '@nestjs/common';
import { type HealthCheckResult } from '@nestjs/terminus';
import { Readiness } from './readiness.js';

/** For Kubernetes: live restarts the process, ready decides whether it gets work. They must not be the same question. */
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** Answering at all is the proof: only a blocked event loop fails it. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  ready(): Promise<HealthCheckResult> {
    return this.readiness.check();
  }
}
