import { DomainError, FILE_EXPIRY_SECONDS } from '@parley/contracts';

const NAME = 'expires_after';
const ANCHOR = `${NAME}[anchor]`;
const SECONDS = `${NAME}[seconds]`;

/**
 * After how many seconds the files of a form expire, from its fields as OpenAI's clients send them; undefined when they
 * do not. @throws DomainError `invalid_request`
 */
export function expirySecondsOf(fields: ReadonlyMap<string, string>): number | undefined {
  const given = [...fields.keys()].filter((name) => name.startsWith(NAME));
  if (given.length === 0) return undefined;
  const unknown = given.find((name) => name !== ANCHOR && name !== SECONDS);
  if (unknown) throw invalid(`${NAME} has an anchor and seconds.`, unknown);
  if (fields.get(ANCHOR) !== 'created_at') throw invalid(`The anchor of ${NAME} must be created_at.`, ANCHOR);
  const { min, max } = FILE_EXPIRY_SECONDS;
  const text = fields.get(SECONDS) ?? '';
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= min && seconds <= max) return seconds;
  throw invalid(`The seconds of ${NAME} must be a whole number from ${min} to ${max}.`, SECONDS);
}

function invalid(message: string, param: string): DomainError {
  return new DomainError('invalid_request', message, { param });
}
