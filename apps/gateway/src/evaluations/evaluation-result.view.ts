import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type EvaluationLeg,
  type ExpectedFile,
  formatId,
  type LegResult,
  type QuestionResult,
} from '@parley/contracts';
import { perLeg, RankingScoresObject, scoresObject } from './evaluation.view.js';

export class ExpectedFileObject {
  @ApiProperty()
  file_id!: string;

  @ApiProperty()
  grade!: number;

  @ApiPropertyOptional()
  quote?: string;
}

export class LegResultObject extends RankingScoresObject {
  @ApiProperty()
  ms!: number;

  @ApiProperty({ description: 'Searched by words alone although vectors were asked for' })
  is_degraded!: boolean;

  @ApiProperty({
    type: [String],
    description: 'The first k files, best first; of files with the same content, the one that searches show',
  })
  file_ids!: string[];

  @ApiProperty()
  quotes_found!: number;

  @ApiProperty()
  is_answer_found!: boolean;
}

export class LegResults implements Partial<Record<EvaluationLeg, LegResultObject>> {
  @ApiProperty({ type: LegResultObject, required: false })
  lexical?: LegResultObject;

  @ApiProperty({ type: LegResultObject, required: false })
  vector?: LegResultObject;

  @ApiProperty({ type: LegResultObject, required: false })
  hybrid?: LegResultObject;
}

export class EvaluationResultObject {
  @ApiProperty({ description: 'The question’s' })
  id!: string;

  @ApiProperty({ enum: ['evaluation.result'] })
  object!: 'evaluation.result';

  @ApiProperty()
  question!: string;

  @ApiProperty({ type: [ExpectedFileObject] })
  expected!: ExpectedFileObject[];

  @ApiProperty({ type: String, nullable: true })
  answer!: string | null;

  @ApiProperty({ type: LegResults, nullable: true, description: 'Null until the question was asked' })
  legs!: LegResults | null;
}

export function evaluationResultObject({
  id,
  question,
  expected,
  answer,
  legs,
}: QuestionResult): EvaluationResultObject {
  return {
    id,
    object: 'evaluation.result',
    question,
    expected: expected.map(expectedObject),
    answer,
    legs: legs && perLeg(legs, legResultObject),
  };
}

function expectedObject({ fileId, grade, quote }: ExpectedFile): ExpectedFileObject {
  return { file_id: formatId('file', fileId), grade, ...(quote === undefined ? {} : { quote }) };
}

function legResultObject(result: LegResult): LegResultObject {
  return {
    ...scoresObject(result),
    ms: result.ms,
    is_degraded: result.isDegraded,
    file_ids: result.fileIds.map((id) => formatId('file', id)),
    quotes_found: result.quotesFound,
    is_answer_found: result.isAnswerFound,
  };
}
