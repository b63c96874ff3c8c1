import { type Params } from 'nestjs-pino';
import { requestScope } from './request-scope.js';

/** Never in a log, wherever in an object they stand. Bodies, prompts and documents are not logged at all. */
const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'apiKey',
  'api_key',
  'secret',
  'token',
  'accessToken',
  'x-api-key',
];
const REDACTED = SECRETS.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);

/** JSON lines on standard output, each with the app, the request and the tenant it belongs to. */
export function loggingParams(app: string, level: string): Params {
  return {
    pinoHttp: {
      level,
      base: { app, pid: process.pid },
      redact: { paths: REDACTED, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const scope = requestScope.current;
        return scope ? { requestId: scope.requestId, tenantId: scope.tenantId } : {};
      },
      autoLogging: false,
      quietReqLogger: true,
      serializers: { req: () => undefined, res: () => undefined },
    },
  };
}
