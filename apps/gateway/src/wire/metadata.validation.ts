import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';

const MAX_PAIRS = 16;
const MAX_KEY_CHARACTERS = 64;
const MAX_VALUE_CHARACTERS = 512;

type ValueCheck = (value: unknown) => boolean;

const isShortText: ValueCheck = (value) => typeof value === 'string' && value.length <= MAX_VALUE_CHARACTERS;
const isAttribute: ValueCheck = (value) =>
  typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) || isShortText(value);

function isPairs(value: unknown, check: ValueCheck): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const pairs = Object.entries(value);
  return pairs.length <= MAX_PAIRS && pairs.every(([key, item]) => key.length <= MAX_KEY_CHARACTERS && check(item));
}

function IsPairs(name: string, check: ValueCheck, values: string) {
  const message = `$property must be an object of at most ${MAX_PAIRS} pairs with keys of at most ${MAX_KEY_CHARACTERS} characters and values that are ${values}`;
  return ValidateBy({
    name,
    validator: { validate: (value: unknown) => isPairs(value, check), defaultMessage: () => message },
  });
}

/** OpenAI's metadata: up to 16 pairs of strings. */
export const IsMetadata = () =>
  applyDecorators(
    ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' }, nullable: true }),
    IsPairs('isMetadata', isShortText, `strings of at most ${MAX_VALUE_CHARACTERS} characters`),
  );

/** Attributes of a file in a vector store, by which searches can be filtered. */
export const IsAttributes = () =>
  applyDecorators(
    ApiPropertyOptional({
      type: 'object',
      additionalProperties: { oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
      nullable: true,
    }),
    IsPairs('isAttributes', isAttribute, `numbers, booleans or strings of at most ${MAX_VALUE_CHARACTERS} characters`),
  );
