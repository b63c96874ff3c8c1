import { DomainError } from '@parley/contracts';

/** @throws DomainError `unsupported_parameter` when a field that is not offered has a value */
export function refuse(param: string, value: unknown, message: string): void {
  if (value === undefined || value === null) return;
  throw new DomainError('unsupported_parameter', message, { param });
}
