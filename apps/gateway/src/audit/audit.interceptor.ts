import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { DomainError } from '@parley/contracts';
import { type FastifyRequest } from 'fastify';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import { type AuditAction } from './audit-event.js';
import { AuditLog } from './audit-log.js';
import { AUDITED } from './audited.decorator.js';

/** Nothing is answered as done before it is recorded. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly log: AuditLog,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const action = this.reflector.get<AuditAction | undefined>(AUDITED, context.getHandler());
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (!action || !request.principal) return next.handle();
    const { tenant, apiKeyId } = request.principal;
    const known = { action, apiKeyId, address: request.ip };
    return defer(async () => {
      let reply: unknown;
      try {
        reply = await lastValueFrom(next.handle(), { defaultValue: undefined });
      } catch (error) {
        const code = error instanceof DomainError ? error.code : 'internal_error';
        this.log.note(tenant, { ...known, outcome: 'refused', target: targetOf(request, null), code });
        throw error;
      }
      await this.log.record(tenant, { ...known, outcome: 'done', target: targetOf(request, reply) });
      return reply;
    });
  }
}

/** What the reply names, else what the path names, else what the body does. */
function targetOf({ params, body }: FastifyRequest, reply: unknown): string | null {
  const { id, feature } = (reply ?? {}) as { id?: unknown; feature?: unknown };
  const [named] = Object.values((params ?? {}) as Record<string, string>);
  const { feature: asked, level } = (body ?? {}) as { feature?: unknown; level?: unknown };
  const target = [id, feature, named, asked, level].find((value) => typeof value === 'string');
  return (target as string | undefined) ?? null;
}
