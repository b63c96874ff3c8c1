import { createHash } from 'node:crypto';

/** What is known of a flag where it is decided. */
export interface FlagValue {
  feature: string;
  /** Of users, from 0 to 100. */
  percentage: number;
  /** The model that it is about, as clients name it, and who answers where it is on; null: it is about no model. */
  model: string | null;
  replacement: string | null;
}

/** What the code asks for. It is as its default says until somebody sets it. */
export const BUILT_IN_FLAGS = {
  streaming: {
    percentage: 100,
    description:
      'POST /api/chat/query/stream tells answers as they are written; where it is off, as a whole at their end',
  },
} as const;

export type BuiltInFlag = keyof typeof BUILT_IN_FLAGS;

export function isBuiltIn(feature: string): feature is BuiltInFlag {
  return Object.hasOwn(BUILT_IN_FLAGS, feature);
}

const BUCKETS = 10_000;

/**
 * Where a user stands in the order in which a flag is switched on, from 0 to 9,999: the same in every process and at every
 * time, and another one for every flag.
 */
export function bucketOf(feature: string, userId: string): number {
  return createHash('sha256').update(`${feature}\n${userId}`).digest().readUInt32BE() % BUCKETS;
}

/** A greater percentage has everybody whom a smaller one has. */
export function isOnFor({ feature, percentage }: FlagValue, userId: string): boolean {
  return bucketOf(feature, userId) < (percentage * BUCKETS) / 100;
}
