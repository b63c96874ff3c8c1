import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { defineSignal, EVERY_APP } from '../message-definition.js';

/** How much the log tells, for a while. */
export class SetLogLevelPayload {
  /** Null: as it is configured. */
  @IsOptional()
  @IsString()
  @MaxLength(16)
  level!: string | null;

  /** Orders changes: of two the later one holds. */
  @IsInt()
  @Min(0)
  changedAt!: number;

  /** Not a moment, because clocks differ. */
  @IsInt()
  @Min(0)
  @Max(86_400_000)
  remainingMs!: number;
}

/** Said again and again while it holds, for replicas that come later. */
export const SetLogLevel = defineSignal({ name: `${EVERY_APP}.set-log-level.v1`, payload: SetLogLevelPayload });
