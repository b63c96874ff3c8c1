import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { requestScope } from '@parley/observability';
import { type FastifyRequest } from 'fastify';
import { AnonymousAccess } from './anonymous-access.js';
import { API_KEY_MARK } from './api-key-secret.js';
import { AuthenticationService } from './authentication.service.js';
import { missingCredentials } from './bearer-authentication.js';
import { JwtGuard } from './jwt.guard.js';
import { PUBLIC } from './require-scopes.decorator.js';

/**
 * Every route needs an access token or an API key, unless it is marked public.
 * Keys come as `Authorization: Bearer pk_…`, as OpenAI's clients send them, or in `x-api-key`.
 */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly jwtGuard: JwtGuard,
    private readonly authentication: AuthenticationService,
    private readonly anonymous: AnonymousAccess,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    await this.#authenticate(request, context);
    const scope = requestScope.current;
    if (scope) scope.tenantId = request.principal?.tenant.tenantId;
    return true;
  }

  async #authenticate(request: FastifyRequest, context: ExecutionContext): Promise<void> {
    const bearer = bearerOf(request.headers.authorization);
    const apiKey = bearer === null ? headerOf(request, 'x-api-key') : bearer.startsWith(API_KEY_MARK) ? bearer : null;
    if (apiKey !== null) request.principal = await this.authentication.byApiKey(apiKey);
    else if (bearer !== null) await this.jwtGuard.canActivate(context);
    else request.principal = (await this.anonymous.principal()) ?? missingCredentials();
  }
}

function bearerOf(authorization: string | undefined): string | null {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
}

function headerOf({ headers }: FastifyRequest, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
