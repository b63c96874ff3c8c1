import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { LoggerModule, PinoLogger } from 'nestjs-pino';
import { HealthController } from './health/health.controller.js';
import { HealthRegistry } from './health/health-registry.js';
import { Readiness } from './health/readiness.js';
import { ReadinessGate } from './health/readiness-gate.js';
import { type ErrorReporter, useErrorReporter } from './error-reports/error-reports.js';
import { type SentryOptions } from './error-reports/sentry-options.js';
import { LogLevel } from './log-level.js';
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
  /** Absent: no error is told to Sentry. */
  sentry?: SentryOptions | null | undefined;
  /** False when the app serves health and metrics under rules of its own. */
  httpHealth?: boolean;
}

const ERROR_REPORTER = Symbol('ERROR_REPORTER');

@Module({})
export class ObservabilityModule {
  static forRoot({ app, logLevel, tracing, sentry, httpHealth = true }: ObservabilityOptions): DynamicModule {
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
        { provide: LogLevel, useFactory: () => new LogLevel(logLevel, () => PinoLogger.root) },
        { provide: ERROR_REPORTER, useFactory: () => sentry && startReporter(sentry) },
        { provide: Tracing, useFactory: () => (tracing ? Tracing.start({ ...tracing, app }) : Tracing.off) },
      ],
      exports: [HealthRegistry, ReadinessGate, Readiness, LogLevel, Tracing],
    };
  }
}

/** Sentry's client is loaded by those who want it. */
async function startReporter(options: SentryOptions): Promise<ErrorReporter> {
  const { createSentryReporter } = await import('./error-reports/sentry.reporter.js');
  const reporter = createSentryReporter(options);
  useErrorReporter(reporter);
  return reporter;
}
