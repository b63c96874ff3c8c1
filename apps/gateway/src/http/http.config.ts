import { Env, parseList, parseNumber } from '@parley/config';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

export class HttpConfig {
  @Env('TRUSTED_PROXIES', {
    description:
      'Proxies whose X-Forwarded-* headers are believed: addresses, networks, or loopback, linklocal, uniquelocal',
    default: [],
    parse: parseList,
    example: 'uniquelocal',
  })
  @Matches(/^(loopback|linklocal|uniquelocal|[0-9a-f.:]+(\/\d{1,3})?)$/i, {
    each: true,
    message: 'trustedProxies must be addresses, networks, or one of loopback, linklocal, uniquelocal',
  })
  readonly trustedProxies!: string[];

  @Env('METRICS_PORT', {
    description: 'Serves /metrics without credentials on a port of its own, for scrapers inside the network',
    parse: parseNumber,
    optional: true,
    example: '9464',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(65535)
  readonly metricsPort!: number | undefined;
}
