import { DomainError, type PayloadClass } from '@parley/contracts';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';

/**
 * An instance of the payload's class, without properties it does not declare.
 * @throws DomainError `invalid_request` naming the first field at fault
 */
export async function validPayload<T extends object>(type: PayloadClass<T>, body: unknown): Promise<T> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new DomainError('invalid_request', 'The message must be an object.');
  }
  const payload = plainToInstance(type, body);
  const [error] = await validate(payload, { whitelist: true, forbidUnknownValues: false, stopAtFirstError: true });
  if (error) throw invalidField(error);
  return payload;
}

function invalidField(error: ValidationError, parents: string[] = []): DomainError {
  const path = [...parents, error.property];
  const [child] = error.children ?? [];
  if (child) return invalidField(child, path);
  const [message = 'is invalid'] = Object.values(error.constraints ?? {});
  return new DomainError('invalid_request', message, { param: path.join('.') });
}
