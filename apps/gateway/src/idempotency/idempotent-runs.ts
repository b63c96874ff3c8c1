import { Injectable } from '@nestjs/common';
import { DomainError, type TenantContext } from '@parley/contracts';
import { v7 as uuidv7 } from 'uuid';
import { IdempotencyKeysRepository } from './idempotency-keys.repository.js';
import { IdempotencyScope, idempotencyScope } from './idempotency-scope.js';
import { fingerprintOf, keyHashOf, type PrintedRequest } from './idempotent-request.js';

/** Runs under idempotency keys, for surfaces that are no routes: the same key is the same run. */
@Injectable()
export class IdempotentRuns {
  constructor(private readonly keys: IdempotencyKeysRepository) {}

  /**
   * @param request the route that would start the run, and what it would be sent
   * @throws DomainError `invalid_request`, `idempotency_key_reused`
   */
  async within<T>(
    tenant: TenantContext,
    { key, request }: { key: string; request: PrintedRequest },
    start: () => Promise<T>,
  ): Promise<T> {
    const asked = { keyHash: keyHashOf(key), fingerprint: fingerprintOf(request), seed: uuidv7(), lockMs: 0 };
    const claim = await this.keys.claim(tenant, asked);
    if (claim.state !== 'mine') throw idempotencyKeyReused();
    return idempotencyScope.run(new IdempotencyScope(claim.seed, claim.isRepeated), start);
  }
}

export function idempotencyKeyReused(): DomainError {
  const message = 'This idempotency key was used for another request.';
  return new DomainError('idempotency_key_reused', message, { param: 'Idempotency-Key' });
}
