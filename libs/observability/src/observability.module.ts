import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { LoggerModule } from 'nestjs-pino';
import { HealthController } from './health/health.controller.js';
import { HealthRegistry } from './health/health-registry.js';
import { Readiness } from './health/readiness.js';
import { ReadinessGate } from './health/readiness-gate.js';
import { loggingParams } from './logging.js';
import { collectProcessMetrics } from './metrics.js';
import { type TracingOptions } from './tracing/tracer.js';
import { Tracing } from './tracing/tracing.js';

export interface ObservabilityOptions {
  /** Name of the app, on every log line. */
  app: string;
  logLevel: string;
  /** Absent: nothing is traced. */
  tracing?: Omit<TracingOptions, 'app'> | null | undefined;
  /** False when the app serves health and metrics under rules of its own. */
  httpHealth?: boolean;
}

@Module({})
export class ObservabilityModule {
  static forRoot({ app, logLevel, tracing, httpHealth = true }: ObservabilityOptions): DynamicModule {
    collectProcessMetrics();
    return {
      module: ObservabilityModule,
      global: true,
      imports: [
        LoggerModule.forRoot(loggingParams(app, logLevel)),
        TerminusModule.forRoot({ logger: false }),
        ...(httpHealth ? [PrometheusModule.register({ defaultMetrics: { enabled: false } })] : []),
      ],
      controllers: httpHealth ? [HealthController] : [],
      providers: [
        HealthRegistry,
        ReadinessGate,
        Readiness,
        { provide: Tracing, useFactory: () => (tracing ? Tracing.start({ ...tracing, app }) : Tracing.off) },
      ],
      exports: [HealthRegistry, ReadinessGate, Readiness, Tracing],
    };
  }
}
