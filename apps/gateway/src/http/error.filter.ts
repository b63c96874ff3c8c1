import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { reportError, requestScope } from '@parley/observability';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { discardRest } from './discard-rest.js';
import { errorResponseFor } from './error-response.js';
import { type Fault, faultOf } from './fault.js';
import { routeOf } from './http-metrics.hook.js';
import { pathOf } from './request-path.js';

/** Turns whatever was thrown into a response of the route's dialect. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('Http');

  catch(exception: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const fault = refineUnknownRoute(faultOf(exception), request, reply);
    requestScope.run(request.scope ?? { requestId: request.id }, () => this.#log(exception, fault, request));
    this.#answer(fault, request, reply);
  }

  #answer(fault: Fault, request: FastifyRequest, reply: FastifyReply): void {
    const { headers, body } = errorResponseFor(pathOf(request), request.id, fault);
    const { raw } = reply;
    if (raw.headersSent) {
      // Half an answer must not look like a whole one.
      if (!raw.writableEnded) raw.destroy();
      return;
    }
    if (!reply.sent) {
      if (fault.status === 413) {
        discardRest(request.raw);
        reply.removeHeader('connection');
      }
      void reply.code(fault.status).headers(headers).send(body);
      return;
    }
    // The handler took the socket over and failed before its first byte.
    if (!raw.writableEnded) raw.writeHead(fault.status, headers).end(JSON.stringify(body));
  }

  #log(exception: unknown, fault: Fault, request: FastifyRequest): void {
    if (fault.status < 500) return;
    const clientIsGone = request.raw.socket.destroyed;
    if (!clientIsGone) reportError(exception, { app: 'gateway', code: fault.code, route: routeOf(request) });
    const stack = stackOf(exception);
    if (fault.code === 'internal_error' && !clientIsGone) this.#logger.error(`${fault.message} ${stack}`);
    else this.#logger.warn(`${fault.code}: ${fault.message}${causeOf(exception)}`);
  }
}

/** 405 instead of 404 when only the method is wrong. */
function refineUnknownRoute(fault: Fault, request: FastifyRequest, reply: FastifyReply): Fault {
  if (fault.status !== 404 || !request.is404) return fault;
  const path = pathOf(request);
  const methods = request.server.routeTable.methodsOf(path);
  if (methods.length === 0 || methods.includes(request.method))
    return { ...fault, message: `There is no route ${request.method} ${path}.` };
  if (!reply.sent) reply.header('allow', methods.join(', '));
  return {
    ...fault,
    status: 405,
    code: 'invalid_request',
    message: `${path} does not accept ${request.method}, only ${methods.join(', ')}.`,
  };
}

function stackOf(exception: unknown): string {
  return exception instanceof Error ? (exception.stack ?? exception.message) : String(exception);
}

function causeOf(exception: unknown): string {
  return exception instanceof Error && exception.cause instanceof Error ? ` (${exception.cause.message})` : '';
}
