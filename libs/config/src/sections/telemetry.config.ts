import { IsIn, IsNumber, IsOptional, IsUrl, Max, Min } from 'class-validator';
import { Env } from '../env.js';
import { type ServerConfig } from './server.config.js';

const TRACES_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
const OTLP_PROTOCOLS = ['http/protobuf', 'http/json'] as const;

/** What is told to the operator's other systems; without an address of one nothing is. The names are OpenTelemetry's own. */
export class TelemetryConfig {
  @Env('OTEL_EXPORTER_OTLP_ENDPOINT', {
    description: 'Base address of a collector of traces that speaks OTLP over HTTP; nothing is traced without it',
    optional: true,
    example: 'http://localhost:4318',
  })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  readonly endpoint!: string | undefined;

  @Env('OTEL_EXPORTER_OTLP_HEADERS', {
    description: 'Headers for the collector: name=value, separated by commas',
    optional: true,
    secret: true,
    parse: parseHeaders,
  })
  readonly headers!: Record<string, string> | undefined;

  @Env('OTEL_EXPORTER_OTLP_PROTOCOL', {
    description: `One of ${OTLP_PROTOCOLS.join(', ')}`,
    default: 'http/protobuf',
  })
  @IsIn(OTLP_PROTOCOLS)
  readonly protocol!: (typeof OTLP_PROTOCOLS)[number];

  @Env('OTEL_SERVICE_NAME', {
    description: 'Name of the process in traces; otherwise parley-gateway, parley-chat and so on',
    optional: true,
  })
  readonly serviceName!: string | undefined;

  @Env('OTEL_TRACES_SAMPLER', {
    description: `Which traces are kept: ${TRACES_SAMPLERS.join(', ')}`,
    default: 'parentbased_always_on',
  })
  @IsIn(TRACES_SAMPLERS)
  readonly sampler!: (typeof TRACES_SAMPLERS)[number];

  @Env('OTEL_TRACES_SAMPLER_ARG', { description: 'Share of the traces that a ratio sampler keeps, 0 to 1', default: 1 })
  @IsNumber()
  @Min(0)
  @Max(1)
  readonly samplerRatio!: number;

  @Env('SENTRY_DSN', {
    description: 'Where Sentry, or what speaks its protocol, takes errors; none are told without it',
    optional: true,
    secret: true,
  })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  readonly sentryDsn!: string | undefined;

  /** Null: no error is told. */
  sentryOf({ environment }: Pick<ServerConfig, 'environment'>) {
    return this.sentryDsn === undefined ? null : { dsn: this.sentryDsn, environment };
  }

  /** Null: nothing is traced. */
  tracingOf({ environment }: Pick<ServerConfig, 'environment'>) {
    const { endpoint, headers, protocol, serviceName, sampler, samplerRatio } = this;
    const tracing = { headers, protocol, serviceName, sampler, samplerRatio, environment };
    return endpoint === undefined ? null : { endpoint, ...tracing };
  }
}

/** As the specification of OpenTelemetry's exporter has it: like W3C baggage, values percent-encoded. */
function parseHeaders(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some(([name, value]) => !name?.trim() || value === undefined)) throw new Error('must be name=value, …');
  return Object.fromEntries(
    pairs.map(([name, ...value]) => [name!.trim(), decodeURIComponent(value.join('=').trim())]),
  );
}
