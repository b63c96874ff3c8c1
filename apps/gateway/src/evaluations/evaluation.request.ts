import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type CreateEvaluationRequest,
  DomainError,
  EVALUATION_LEGS,
  type EvaluationLeg,
  type EvaluationQuestion,
  MAX_EVALUATION_QUESTIONS,
  MAX_EXPECTED_FILES,
  parseId,
} from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { LimitQuery } from '../wire/page.query.js';

const DEFAULT_K = 10;

export class ExpectedFileBody {
  @ApiProperty({ example: 'file-01890a5d7c3e7b3e9d1f2a3b4c5d6e7f', description: 'A file of the knowledge base' })
  @IsString()
  @MaxLength(64)
  file_id!: string;

  @ApiPropertyOptional({ minimum: 0, maximum: 100, default: 1, description: 'More is better; 0 is of no use' })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  grade?: number | null;

  @ApiPropertyOptional({ description: 'Words of the file that a chunk must hold to answer' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(2_048)
  quote?: string | null;
}

export class EvaluationQuestionBody {
  @ApiPropertyOptional({ description: 'Unique among the questions; by default its number, from 1' })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  id?: string | null;

  @ApiProperty({ maxLength: 8_192 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(8_192)
  question!: string;

  @ApiProperty({ type: [ExpectedFileBody], minItems: 1, maxItems: MAX_EXPECTED_FILES })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_EXPECTED_FILES)
  @ValidateNested({ each: true })
  @Type(() => ExpectedFileBody)
  expected!: ExpectedFileBody[];

  @ApiPropertyOptional({ description: 'Words that answer the question and stand in a document' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(2_048)
  answer?: string | null;
}

export class CreateEvaluationBody {
  @ApiPropertyOptional({ maxLength: 256 })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  name?: string | null;

  @ApiProperty({ type: [EvaluationQuestionBody], minItems: 1, maxItems: MAX_EVALUATION_QUESTIONS })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_EVALUATION_QUESTIONS)
  @ValidateNested({ each: true })
  @Type(() => EvaluationQuestionBody)
  questions!: EvaluationQuestionBody[];

  @ApiPropertyOptional({ enum: EVALUATION_LEGS, isArray: true, default: EVALUATION_LEGS })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(EVALUATION_LEGS, { each: true })
  legs?: EvaluationLeg[] | null;

  @ApiPropertyOptional({
    minimum: 1,
    maximum: 50,
    default: DEFAULT_K,
    description: 'How many files of a ranking count',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(50)
  k?: number | null;
}

/** The query of a comparison. */
export class GetEvaluationQuery {
  @ApiPropertyOptional({ description: 'Another evaluation of the knowledge base: its summary is subtracted' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  baseline_id?: string;
}

/** The query of a list of results, whose cursors are ids of questions. */
export class EvaluationResultsQuery extends LimitQuery {
  @ApiPropertyOptional({ description: 'Id of the last question of the page before' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  after?: string;
}

/** @throws DomainError `not_found` that names the expected file which is no file's id */
export function createEvaluationRequest(
  id: string,
  knowledgeBaseId: string,
  { name, questions, legs, k }: CreateEvaluationBody,
): CreateEvaluationRequest {
  return {
    id,
    knowledgeBaseId,
    name: name ?? '',
    questions: questions.map(questionOf),
    legs: legs ?? [...EVALUATION_LEGS],
    k: k ?? DEFAULT_K,
  };
}

function questionOf({ id, question, expected, answer }: EvaluationQuestionBody, at: number): EvaluationQuestion {
  return {
    id: id ?? String(at + 1),
    question,
    expected: expected.map(({ file_id, grade, quote }, position) => {
      const fileId = parseId('file', file_id);
      if (fileId === null) {
        throw DomainError.notFound('file in this vector store', `questions.${at}.expected.${position}.file_id`);
      }
      return { fileId, grade: grade ?? 1, ...(typeof quote === 'string' ? { quote } : {}) };
    }),
    ...(typeof answer === 'string' ? { answer } : {}),
  };
}
