import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { type TenantContext } from '@parley/contracts';
import { type Principal } from '../identity/principal.js';

function principalOf(context: ExecutionContext): Principal {
  const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!principal) throw new Error('A public route has no principal.');
  return principal;
}

/** The tenant, user and role on whose behalf the request acts. */
export const CurrentTenant = createParamDecorator<undefined, TenantContext>(
  (_data, context) => principalOf(context).tenant,
);

/** Everything known about the credential. */
export const CurrentPrincipal = createParamDecorator<undefined, Principal>((_data, context) => principalOf(context));
