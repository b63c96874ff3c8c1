import { DomainError } from '@parley/contracts';
import { type CompletionBody, type SamplingBody, type UnsupportedBody } from './completion.request.js';

type Neutral = (value: unknown) => boolean;

const never: Neutral = () => false;
const isEmpty: Neutral = (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** Parameters that would change what the answer means, and the values that ask for nothing. */
const NEUTRAL: Readonly<Record<Exclude<keyof UnsupportedBody, keyof SamplingBody>, Neutral>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  logit_bias: isEmpty,
  modalities: (value) => Array.isArray(value) && value.every((item) => item === 'text'),
  audio: never,
  functions: isEmpty,
  function_call: never,
  web_search_options: never,
  moderation: never,
};

/** @throws DomainError `unsupported_parameter` naming the first parameter that Parley cannot honour */
export function assertSupported(body: CompletionBody): void {
  for (const [param, isNeutral] of Object.entries(NEUTRAL)) {
    const value = body[param as keyof typeof NEUTRAL] ?? null;
    if (value !== null && !isNeutral(value)) throw unsupported(param);
  }
  const index = body.messages.findIndex((message) => (message.function_call ?? null) !== null);
  if (index !== -1) throw unsupported(`messages.${index}.function_call`);
}

export function unsupported(param: string): DomainError {
  return new DomainError('unsupported_parameter', `${param} is not supported with this value.`, { param });
}
