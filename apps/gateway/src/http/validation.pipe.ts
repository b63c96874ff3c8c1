import { ValidationPipe } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { type ValidationError } from 'class-validator';

/** Bodies and queries become instances of their class, without the properties that it does not know. */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    exceptionFactory: invalidRequest,
  });
}

/** Tells the first fault; `param` is the path of the field as the client wrote it: `messages.0.role`. */
export function invalidRequest(errors: readonly ValidationError[]): DomainError {
  const { path, message } = firstFault(errors, '');
  return new DomainError('invalid_request', message, { param: path });
}

function firstFault([error]: readonly ValidationError[], prefix: string): { path: string; message: string } {
  if (!error) return { path: prefix, message: `${prefix} is invalid.` };
  const path = prefix === '' ? error.property : `${prefix}.${error.property}`;
  // Decorators register from the bottom up, and the one at the top says what kind of value it must be at all.
  const { nestedValidation, ...constraints } = error.constraints ?? {};
  const message = Object.values(constraints).at(-1) ?? nestedValidation;
  const children = error.children ?? [];
  if (message === undefined) return firstFault(children, path);
  if (error.value === undefined && children.length === 0) return { path, message: `${path} is required.` };
  return { path, message: `${message.replace(error.property, path)}.` };
}
