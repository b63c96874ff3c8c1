import { DomainError } from '@parley/contracts';

/** A blank text has no direction, hence no vector. */
export function assertNotBlank(text: string, index: number): void {
  if (text.trim() !== '') return;
  throw new DomainError('invalid_request', 'A blank text cannot be embedded.', { param: `input[${index}]` });
}
