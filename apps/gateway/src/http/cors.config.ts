import { Env, type Environment, parseList } from '@parley/config';
import { ArrayMaxSize, Matches } from 'class-validator';
import { isProduction } from './production.js';

export const ANY_ORIGIN = '*';

/** Which web pages may call the API. */
export class CorsConfig {
  @Env(['ALLOWED_ORIGINS', 'CORS_ORIGINS', 'BACKEND_CORS_ORIGINS'], {
    description: 'Origins of web pages that may call the API: a comma list or a JSON list; * only outside production',
    default: ['http://localhost:3000'],
    parse: parseList,
  })
  @ArrayMaxSize(100)
  @Matches(/^(\*|https?:\/\/[^/?#\s]+)$/, {
    each: true,
    message: 'allowedOrigins must be origins such as https://chat.example.org, without a path',
  })
  readonly allowedOrigins!: string[];

  faults(environment: Environment): string[] {
    const isOpen = this.allowedOrigins.includes(ANY_ORIGIN);
    return isOpen && isProduction(environment) ? ['ALLOWED_ORIGINS must name exact origins in production, not *'] : [];
  }
}
