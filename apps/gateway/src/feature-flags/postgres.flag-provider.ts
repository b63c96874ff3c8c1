import {
  ErrorCode,
  type EvaluationContext,
  type JsonValue,
  type Provider,
  type ResolutionDetails,
  StandardResolutionReasons,
} from '@openfeature/server-sdk';
import { type FlagValue, isOnFor } from './feature-flag.js';
import { type FlagValues } from './flag-values.js';

/** Flags of the database for OpenFeature: a share of the users, told by their `targetingKey`. */
export class PostgresFlagProvider implements Provider {
  readonly metadata = { name: 'parley-postgres' };
  readonly runsOn = 'server';

  constructor(private readonly values: FlagValues) {}

  async resolveBooleanEvaluation(
    key: string,
    defaultValue: boolean,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<boolean>> {
    return this.#resolved(key, defaultValue, context, (_flag, isOn) => isOn);
  }

  /** Of a flag about a model: who answers for it. */
  async resolveStringEvaluation(
    key: string,
    defaultValue: string,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<string>> {
    return this.#resolved(key, defaultValue, context, ({ model, replacement }, isOn) => (isOn ? replacement : model));
  }

  async resolveNumberEvaluation(_key: string, defaultValue: number): Promise<ResolutionDetails<number>> {
    return mismatch(defaultValue);
  }

  async resolveObjectEvaluation<T extends JsonValue>(_key: string, defaultValue: T): Promise<ResolutionDetails<T>> {
    return mismatch(defaultValue);
  }

  #resolved<T>(
    key: string,
    defaultValue: T,
    { targetingKey }: EvaluationContext,
    valueOf: (flag: FlagValue, isOn: boolean) => T | null,
  ): ResolutionDetails<T> {
    const flag = this.values.find(key);
    if (!flag)
      return { value: defaultValue, reason: StandardResolutionReasons.ERROR, errorCode: ErrorCode.FLAG_NOT_FOUND };
    if (!targetingKey) {
      return {
        value: defaultValue,
        reason: StandardResolutionReasons.ERROR,
        errorCode: ErrorCode.TARGETING_KEY_MISSING,
      };
    }
    const isOn = isOnFor(flag, targetingKey);
    const value = valueOf(flag, isOn);
    if (value === null) return mismatch(defaultValue);
    const reason = this.values.isStale ? StandardResolutionReasons.STALE : StandardResolutionReasons.SPLIT;
    return { value, variant: isOn ? 'on' : 'off', reason };
  }
}

function mismatch<T>(value: T): ResolutionDetails<T> {
  return { value, reason: StandardResolutionReasons.ERROR, errorCode: ErrorCode.TYPE_MISMATCH };
}
