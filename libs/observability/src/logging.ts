import { type Params } from 'nestjs-pino';
import { requestScope } from './request-scope.js';
import { parseTraceparent } from './tracing/trace-context.js';

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
    // A logger for each request would cost time and keep the level of its beginning; the scope knows all it would tell.
    forRoutes: [],
    pinoHttp: {
      level,
      base: { app, pid: process.pid },
      redact: { paths: REDACTED, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const scope = requestScope.current;
        if (!scope) return {};
        return { requestId: scope.requestId, tenantId: scope.tenantId, ...traceFields(scope.traceparent) };
      },
      autoLogging: false,
      quietReqLogger: true,
      serializers: { req: () => undefined, res: () => undefined },
    },
  };
}

/** As OpenTelemetry names them in logs, so that whoever shows logs finds the trace, also one that others record. */
function traceFields(traceparent: string | undefined): object {
  const context = parseTraceparent(traceparent);
  return context ? { trace_id: context.traceId, span_id: context.spanId } : {};
}
