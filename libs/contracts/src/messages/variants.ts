import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsISO8601,
  IsString,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';

/** What a feature flag is called: short, so that a variant fits into a row. */
export const FEATURE_NAME = /^[a-z][a-z0-9-]{0,63}$/;
const VARIANT = /^[a-z][a-z0-9-]{0,63}:(on|off)$/;
/** Feature flags that can bear on one run. */
export const MAX_RUN_VARIANTS = 8;
/** Models that can be served by another one at a time. */
export const MAX_MODEL_FLAGS = 20;

/** How a run was served under a feature flag: `streaming:on`. */
export type Variant = `${string}:${'on' | 'off'}`;

export function variantOf(feature: string, isOn: boolean): Variant {
  return `${feature}:${isOn ? 'on' : 'off'}`;
}

export function IsVariants(): PropertyDecorator {
  return (target, property) => {
    for (const check of [IsArray(), ArrayMaxSize(MAX_RUN_VARIANTS), Matches(VARIANT, { each: true })])
      check(target, property);
  };
}

/** A model that another one answers for, to a share of the users; whether this user is among them was decided before. */
export class ModelFlag {
  @Matches(FEATURE_NAME)
  feature!: string;

  /** As clients and assistants name it. */
  @IsString()
  @Length(1, 256)
  model!: string;

  /** Who answers where the flag is on. */
  @IsString()
  @Length(1, 256)
  replacement!: string;

  @IsBoolean()
  isOn!: boolean;
}

export class VariantSample {
  @Matches(VARIANT)
  variant!: Variant;

  /** Runs that ended at this time or later, ISO 8601. */
  @IsISO8601()
  since!: string;
}

export class GetVariantStatisticsRequest {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(4)
  @ValidateNested({ each: true })
  @Type(() => VariantSample)
  samples!: VariantSample[];
}

/** How runs of a variant fared, of all tenants and all replicas: the newest 10,000 at most. */
export interface VariantStatistics {
  completed: number;
  /** By whoever asked: neither a success nor a failure. */
  cancelled: number;
  failed: number;
  interrupted: number;
  /** Of those with a first token, the sum of their milliseconds up to it. */
  answered: number;
  firstTokenMs: number;
}

/** In the order of the samples. */
export const GetVariantStatistics = defineRpc<VariantStatistics[]>()({
  name: 'chat.get-variant-statistics.v1',
  request: GetVariantStatisticsRequest,
  timeoutMs: 10_000,
});
