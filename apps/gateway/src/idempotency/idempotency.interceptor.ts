import { type CallHandler, type ExecutionContext, Injectable, Logger, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { DomainError, type TenantContext } from '@parley/contracts';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { from, lastValueFrom, Observable, of } from 'rxjs';
import { v7 as uuidv7 } from 'uuid';
import { IdempotencyKeysRepository } from './idempotency-keys.repository.js';
import { IdempotencyScope, idempotencyScope } from './idempotency-scope.js';
import { fingerprintOf, keyHashOf } from './idempotent-request.js';
import { idempotencyKeyReused } from './idempotent-runs.js';
import { IDEMPOTENT, type IdempotentBy } from './idempotent.decorator.js';

/** When the gateway that has a request dies, others may take it after this long. */
const LOCK_MS = 30_000;
const RENEW_EVERY_MS = 10_000;
const MAX_BODY_CHARACTERS = 2 ** 20;

/** Does what comes under an idempotency key once, and answers it the same whenever it comes again. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  readonly #logger = new Logger(IdempotencyInterceptor.name);

  constructor(
    private readonly reflector: Reflector,
    private readonly keys: IdempotencyKeysRepository,
  ) {}

  /** @throws DomainError `idempotency_key_reused`, `idempotency_conflict` */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const by = this.reflector.get<IdempotentBy | undefined>(IDEMPOTENT, context.getHandler());
    const header = request.headers['idempotency-key'];
    if (!by || header === undefined || !request.principal) return next.handle();
    const { tenant } = request.principal;
    const keyHash = keyHashOf(header);
    const lockMs = by === 'run' ? 0 : LOCK_MS;
    const claim = await this.keys.claim(tenant, {
      keyHash,
      fingerprint: fingerprintOf(request),
      seed: uuidv7(),
      lockMs,
    });
    if (claim.state === 'answered') {
      void context.switchToHttp().getResponse<FastifyReply>().header('idempotency-replayed', 'true');
      return of(JSON.parse(claim.body));
    }
    if (claim.state !== 'mine') throw claim.state === 'different' ? idempotencyKeyReused() : atWork();
    const handled = within(new IdempotencyScope(claim.seed, claim.isRepeated), next);
    return by === 'run' ? handled : from(this.#keep(tenant, keyHash, handled));
  }

  /** A failure is not kept: nothing was done, or what was done is done again under the same ids, which changes nothing. */
  async #keep(tenant: TenantContext, keyHash: Buffer, handled: Observable<unknown>): Promise<unknown> {
    const renewal = setInterval(() => {
      void this.keys.lockFor(tenant, keyHash, LOCK_MS).catch((error: unknown) => this.#warn(error));
    }, RENEW_EVERY_MS);
    let answer: unknown;
    try {
      answer = await lastValueFrom(handled);
    } catch (error) {
      await this.keys.lockFor(tenant, keyHash, 0).catch((reason: unknown) => this.#warn(reason));
      throw error;
    } finally {
      clearInterval(renewal);
    }
    const body = JSON.stringify(answer ?? null);
    const kept =
      body.length <= MAX_BODY_CHARACTERS ? this.keys.answer(tenant, keyHash, body) : this.#free(tenant, keyHash);
    await kept.catch((reason: unknown) => this.#warn(reason));
    return answer;
  }

  #free(tenant: TenantContext, keyHash: Buffer): Promise<void> {
    return this.keys.lockFor(tenant, keyHash, 0);
  }

  #warn(error: unknown): void {
    this.#logger.warn(
      `An idempotency key could not be kept: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The handler is called when the observable is subscribed to. */
function within(scope: IdempotencyScope, next: CallHandler): Observable<unknown> {
  return new Observable((subscriber) => idempotencyScope.run(scope, () => next.handle().subscribe(subscriber)));
}

function atWork(): DomainError {
  const message = 'The first request under this idempotency key is still at work; ask again when it has been answered.';
  return new DomainError('idempotency_conflict', message, { param: 'Idempotency-Key' });
}
