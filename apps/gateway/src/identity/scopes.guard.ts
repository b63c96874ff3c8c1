import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { DomainError } from '@parley/contracts';
import { type FastifyRequest } from 'fastify';
import { REQUIRED_SCOPES } from './require-scopes.decorator.js';
import { type Scope } from './scopes.js';

@Injectable()
export class ScopesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const required = this.reflector.getAllAndOverride<Scope[] | undefined>(REQUIRED_SCOPES, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (!required) return true;
    const granted = context.switchToHttp().getRequest<FastifyRequest>().principal?.scopes ?? [];
    const missing = required.filter((scope) => !granted.includes(scope));
    if (missing.length === 0) return true;
    throw new DomainError('insufficient_scope', `The credentials lack the scope ${missing.join(', ')}.`);
  }
}
