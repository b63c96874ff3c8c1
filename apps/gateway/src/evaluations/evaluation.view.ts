import { ApiProperty } from '@nestjs/swagger';
import {
  EVALUATION_LEGS,
  EVALUATION_STATUSES,
  type EvaluationComparison,
  type EvaluationLeg,
  type EvaluationStatus,
  type EvaluationView,
  formatId,
  type LegDifference,
  type LegSummary,
  type RankingScores,
} from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';

export class RankingScoresObject {
  @ApiProperty({ description: 'nDCG at k: the grade is the gain, the discount log2(rank + 1)' })
  ndcg!: number;

  @ApiProperty({ description: 'Share of the expected files that are among the first k' })
  recall!: number;

  @ApiProperty({ description: 'Whether an expected file is among the first k' })
  hit!: number;

  @ApiProperty({ description: 'One over the rank of the first expected file' })
  reciprocal_rank!: number;
}

export class GivenAndFound {
  @ApiProperty()
  given!: number;

  @ApiProperty()
  found!: number;
}

export class LegSummaryObject extends RankingScoresObject {
  @ApiProperty({ description: 'Questions with an expected file of a grade above 0: the means are over these' })
  scored!: number;

  @ApiProperty({ description: 'Milliseconds of half of the searches' })
  p50_ms!: number;

  @ApiProperty()
  p95_ms!: number;

  @ApiProperty({
    type: GivenAndFound,
    nullable: true,
    description: 'Expected quotes, and those in a chunk of their file',
  })
  quotes!: GivenAndFound | null;

  @ApiProperty({ type: GivenAndFound, nullable: true, description: 'Expected answers, and those in a chunk' })
  answers!: GivenAndFound | null;

  @ApiProperty({ description: 'Questions searched by words alone although vectors were asked for' })
  degraded!: number;
}

export class LegDifferenceObject extends RankingScoresObject {
  @ApiProperty()
  p50_ms!: number;

  @ApiProperty()
  p95_ms!: number;
}

/** One of these for each leg that was asked. */
export class LegSummaries implements Partial<Record<EvaluationLeg, LegSummaryObject>> {
  @ApiProperty({ type: LegSummaryObject, required: false })
  lexical?: LegSummaryObject;

  @ApiProperty({ type: LegSummaryObject, required: false })
  vector?: LegSummaryObject;

  @ApiProperty({ type: LegSummaryObject, required: false })
  hybrid?: LegSummaryObject;
}

export class LegDifferences implements Partial<Record<EvaluationLeg, LegDifferenceObject>> {
  @ApiProperty({ type: LegDifferenceObject, required: false })
  lexical?: LegDifferenceObject;

  @ApiProperty({ type: LegDifferenceObject, required: false })
  vector?: LegDifferenceObject;

  @ApiProperty({ type: LegDifferenceObject, required: false })
  hybrid?: LegDifferenceObject;
}

export class EvaluationComparisonObject {
  @ApiProperty()
  baseline_id!: string;

  @ApiProperty({ description: 'False when questions, expected files or k are others: the difference says little then' })
  is_same_task!: boolean;

  @ApiProperty({ type: LegDifferences, description: 'This summary less the baseline’s' })
  difference!: LegDifferences;
}

export class EvaluationErrorObject {
  @ApiProperty()
  code!: string;

  @ApiProperty()
  message!: string;
}

export class EvaluationProgress {
  @ApiProperty()
  done!: number;

  @ApiProperty()
  total!: number;
}

export class EvaluationObject {
  @ApiProperty({ example: 'eval_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['evaluation'] })
  object!: 'evaluation';

  @ApiProperty()
  knowledge_base_id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: EVALUATION_STATUSES })
  status!: EvaluationStatus;

  @ApiProperty({ enum: EVALUATION_LEGS, isArray: true })
  legs!: EvaluationLeg[];

  @ApiProperty()
  k!: number;

  @ApiProperty({ type: EvaluationProgress, description: 'Questions asked' })
  progress!: EvaluationProgress;

  @ApiProperty({ type: EvaluationErrorObject, nullable: true })
  error!: EvaluationErrorObject | null;

  @ApiProperty({ type: LegSummaries, nullable: true, description: 'Null until it is completed' })
  summary!: LegSummaries | null;

  @ApiProperty({ type: EvaluationComparisonObject, nullable: true, description: 'When `baseline_id` asks for it' })
  comparison!: EvaluationComparisonObject | null;

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;

  @ApiProperty({ type: Number, nullable: true })
  started_at!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  finished_at!: number | null;
}

export function evaluationObject(view: EvaluationView): EvaluationObject {
  const { error, summary, comparison } = view;
  return {
    id: formatId('evaluation', view.id),
    object: 'evaluation',
    knowledge_base_id: formatId('knowledgeBase', view.knowledgeBaseId),
    name: view.name,
    status: view.status,
    legs: view.legs,
    k: view.k,
    progress: { done: view.doneCount, total: view.questionCount },
    error: error && { code: error.code, message: error.message },
    summary: summary && perLeg(summary, summaryObject),
    comparison: comparison && comparisonObject(comparison),
    created_at: unixSeconds(view.createdAt),
    started_at: view.startedAt === null ? null : unixSeconds(view.startedAt),
    finished_at: view.finishedAt === null ? null : unixSeconds(view.finishedAt),
  };
}

function comparisonObject({ baselineId, isSameTask, difference }: EvaluationComparison): EvaluationComparisonObject {
  return {
    baseline_id: formatId('evaluation', baselineId),
    is_same_task: isSameTask,
    difference: perLeg(difference, differenceObject),
  };
}

function summaryObject(summary: LegSummary): LegSummaryObject {
  const { scored, quotes, answers, degraded } = summary;
  return { scored, ...differenceObject(summary), quotes, answers, degraded };
}

function differenceObject({ p50Ms, p95Ms, ...scores }: LegDifference): LegDifferenceObject {
  return { ...scoresObject(scores), p50_ms: p50Ms, p95_ms: p95Ms };
}

export function scoresObject({ ndcg, recall, hit, reciprocalRank }: RankingScores): RankingScoresObject {
  return { ndcg, recall, hit, reciprocal_rank: reciprocalRank };
}

/** The same for each leg that there is. */
export function perLeg<From, To>(
  legs: Partial<Record<EvaluationLeg, From>>,
  toObject: (value: From) => To,
): Partial<Record<EvaluationLeg, To>> {
  const entries = EVALUATION_LEGS.flatMap((leg) => (legs[leg] ? [[leg, toObject(legs[leg])] as const] : []));
  return Object.fromEntries(entries);
}
