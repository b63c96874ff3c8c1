import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiConflictResponse, ApiHeader, ApiUnprocessableEntityResponse } from '@nestjs/swagger';

export const IDEMPOTENT = 'parley:idempotent';

/**
 * `answer`: the first answer is kept and given again. `run`: the request starts a run, which is heard again instead, as long
 * as it is known.
 */
export type IdempotentBy = 'answer' | 'run';

/** The route takes an `Idempotency-Key`: the same request under it is done once, however often it is sent. */
export const Idempotent = (by: IdempotentBy = 'answer') =>
  applyDecorators(
    SetMetadata(IDEMPOTENT, by),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      schema: { type: 'string', minLength: 1, maxLength: 255 },
      description:
        by === 'run'
          ? 'The same request under the same key is heard again from its beginning, and not answered a second time.'
          : 'The same request under the same key gets the first answer again, and nothing is done a second time.',
    }),
    ...(by === 'run'
      ? []
      : [ApiConflictResponse({ description: 'The first request under this key is still at work' })]),
    ApiUnprocessableEntityResponse({ description: 'The key was used for another request' }),
  );
