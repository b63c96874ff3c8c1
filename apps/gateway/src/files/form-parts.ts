import { type Readable } from 'node:stream';
import type {} from '@fastify/multipart';
import { DomainError } from '@parley/contracts';
import { type FastifyRequest } from 'fastify';
import { discardRest } from '../http/discard-rest.js';

export type FormPart =
  { kind: 'field'; name: string; value: string } | { kind: 'file'; name: string; filename: string; content: Readable };

const LIMITS = { fields: 32, fieldNameSize: 200, fieldSize: 16_384, parts: 256, headerPairs: 32, fileSize: Infinity };
const LIMIT_CODES = ['FST_PARTS_LIMIT', 'FST_FIELDS_LIMIT', 'FST_FILES_LIMIT'];

/**
 * The parts of a multipart request as they arrive; a file's content must be read before the next part is asked for.
 * Files are not limited here: whoever reads them counts.
 * @throws DomainError `invalid_request` when the body is no form, is malformed or ends early
 */
export async function* formPartsOf(request: FastifyRequest): AsyncGenerator<FormPart, void, undefined> {
  if (!request.isMultipart()) throw new DomainError('invalid_request', 'The body must be multipart/form-data.');
  const parts = request.parts({ limits: LIMITS });
  try {
    for (let next = await parts.next(); !next.done; next = await parts.next()) {
      const part = next.value;
      yield part.type === 'file'
        ? { kind: 'file', name: part.fieldname, filename: part.filename ?? '', content: part.file }
        : { kind: 'field', name: part.fieldname, value: String(part.value) };
    }
  } catch (cause) {
    throw malformedForm(cause);
  } finally {
    discardRest(request.raw);
  }
}

export function malformedForm(cause: unknown): DomainError {
  if (isLimit(cause)) return new DomainError('invalid_request', 'The form has too many parts.', { cause });
  return new DomainError('invalid_request', 'The form is malformed or was cut off.', { cause });
}

function isLimit(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && LIMIT_CODES.includes(String(cause.code));
}
