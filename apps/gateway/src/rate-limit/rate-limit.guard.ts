import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { rateLimitHeaders } from './rate-limit-headers.js';
import { REQUEST_WINDOW_SECONDS, RequestLimit } from './request-limit.js';

/** Public routes are not counted. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly limit: RequestLimit) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const { principal } = http.getRequest<FastifyRequest>();
    if (!principal) return true;
    await this.limit.consume(principal, (state) => {
      http.getResponse<FastifyReply>().headers(rateLimitHeaders(state, REQUEST_WINDOW_SECONDS));
    });
    return true;
  }
}
