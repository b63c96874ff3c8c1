import { ApiProperty } from '@nestjs/swagger';
import { formatId } from '@parley/contracts';
import { type ChangeCause, type FlagChange } from './flag-changes.repository.js';
import { type StoredFlag } from './feature-flags.repository.js';

const CAUSES: ChangeCause[] = [
  ...(['defined', 'deleted', 'set', 'started', 'promoted', 'completed', 'rolled_back', 'stopped'] as const),
];

export class FeatureFlagObject {
  @ApiProperty({ example: 'streaming' })
  feature!: string;

  @ApiProperty()
  description!: string;

  @ApiProperty({
    minimum: 0,
    maximum: 100,
    description: 'Of users; a greater one has everybody whom a smaller one has',
  })
  percentage!: number;

  @ApiProperty({ type: String, nullable: true, description: 'The model that the flag is about' })
  model!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The model that answers for it where the flag is on' })
  replacement!: string | null;
}

export class FeatureFlagListObject {
  @ApiProperty({ enum: ['list'] })
  object!: 'list';

  @ApiProperty({ type: [FeatureFlagObject] })
  data!: FeatureFlagObject[];
}

export class FlagChangeObject {
  @ApiProperty({ enum: CAUSES })
  cause!: ChangeCause;

  @ApiProperty({ description: 'From then on' })
  percentage!: number;

  @ApiProperty({ type: String, nullable: true, description: 'Null: a rollout by itself' })
  user_id!: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  rollout_id!: string | null;

  @ApiProperty({ type: String, nullable: true })
  reason!: string | null;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    description: 'What the decision is based on',
  })
  figures!: object | null;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;
}

export class FlagChangeListObject {
  @ApiProperty({ enum: ['list'] })
  object!: 'list';

  @ApiProperty({ type: [FlagChangeObject] })
  data!: FlagChangeObject[];
}

export function featureFlagObject(flag: Omit<StoredFlag, 'updatedAt'>): FeatureFlagObject {
  const { feature, description, percentage, model, replacement } = flag;
  return { feature, description, percentage, model, replacement };
}

export function flagChangeObject(change: FlagChange): FlagChangeObject {
  const { cause, percentage, userId, rolloutId, reason, figures, createdAt } = change;
  return {
    ...{ cause, percentage, reason, figures },
    user_id: userId && formatId('user', userId),
    rollout_id: rolloutId,
    created_at: createdAt.toISOString(),
  };
}
