import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ANY_ORIGIN, type CorsConfig } from './cors.config.js';

const EXPOSED_HEADERS = [
  'x-request-id',
  'retry-after',
  'retry-after-ms',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'ratelimit',
  'ratelimit-policy',
  'content-disposition',
];
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/** Nothing but the documentation page is ever shown in a browser, and that loads from this server alone. */
const CONTENT_SECURITY_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** Security headers, and which web pages may read the answers. */
export async function secure(app: NestFastifyApplication, { allowedOrigins }: CorsConfig): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY_POLICY },
    xFrameOptions: { action: 'deny' },
    // Other hosts of the operator's domain are not ours to decide for.
    strictTransportSecurity: { includeSubDomains: false },
  });
  await app.register(cors, {
    origin: allowedOrigins.includes(ANY_ORIGIN) ? true : [...allowedOrigins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
  });
}
