import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { type SerializedError } from '../errors.js';
import { type DeletedReply } from './by-id.js';

/** `lexical` and `vector` are one leg of the search alone, `hybrid` is the search as everybody gets it. */
export const EVALUATION_LEGS = ['lexical', 'vector', 'hybrid'] as const;
export type EvaluationLeg = (typeof EVALUATION_LEGS)[number];

export const EVALUATION_STATUSES = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type EvaluationStatus = (typeof EVALUATION_STATUSES)[number];

export const MAX_EVALUATION_QUESTIONS = 1_000;
export const MAX_EXPECTED_FILES = 100;

/** A file that answers a question. */
export class ExpectedFile {
  @IsUUID()
  fileId!: string;

  /** More is better; 0 is judged and of no use. */
  @IsNumber()
  @Min(0)
  @Max(100)
  grade = 1;

  /** Words of the file that a chunk must hold to answer. */
  @IsOptional()
  @IsString()
  @Length(1, 2_048)
  quote?: string;
}

export class EvaluationQuestion {
  /** Unique among the questions. */
  @IsString()
  @Length(1, 128)
  id!: string;

  @IsString()
  @Length(1, 8_192)
  question!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_EXPECTED_FILES)
  @ValidateNested({ each: true })
  @Type(() => ExpectedFile)
  expected!: ExpectedFile[];

  /** Words that answer the question and stand in a document. */
  @IsOptional()
  @IsString()
  @Length(1, 2_048)
  answer?: string;
}

export class CreateEvaluationRequest {
  /** Chosen by the caller, so that a repeated request starts nothing twice. */
  @IsUUID()
  id!: string;

  @IsUUID()
  knowledgeBaseId!: string;

  @IsString()
  @MaxLength(256)
  name!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_EVALUATION_QUESTIONS)
  @ValidateNested({ each: true })
  @Type(() => EvaluationQuestion)
  questions!: EvaluationQuestion[];

  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(EVALUATION_LEGS, { each: true })
  legs!: EvaluationLeg[];

  /** How many files of a ranking count. */
  @IsInt()
  @Min(1)
  @Max(50)
  k!: number;
}

export class EvaluationRequest {
  @IsUUID()
  knowledgeBaseId!: string;

  @IsUUID()
  id!: string;
}

export class GetEvaluationRequest extends EvaluationRequest {
  /** Another evaluation of the same knowledge base to compare with. */
  @IsOptional()
  @IsUUID()
  baselineId?: string;
}

export class ListEvaluationsRequest extends PageRequest {
  @IsUUID()
  knowledgeBaseId!: string;
}

export class ListEvaluationResultsRequest extends EvaluationRequest {
  @IsInt()
  @Min(1)
  @Max(100)
  limit = 20;

  /** Id of the last question of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(128)
  after?: string;
}

/** One ranking at the evaluation's k; shares and means from 0 to 1. */
export interface RankingScores {
  ndcg: number;
  recall: number;
  hit: number;
  reciprocalRank: number;
}

export interface LegSummary extends RankingScores {
  /** Questions whose expected files have a grade above 0: the means are over these. */
  scored: number;
  p50Ms: number;
  p95Ms: number;
  /** Quotes of expected files that stand in a chunk of that file among the results; null when none was given. */
  quotes: { given: number; found: number } | null;
  /** Answers that stand in a chunk among the results; null when none was given. */
  answers: { given: number; found: number } | null;
  /** Questions that were searched by words alone although vectors were asked for. */
  degraded: number;
}

/** This evaluation's summary less the other's. */
export type LegDifference = RankingScores & { p50Ms: number; p95Ms: number };

export interface EvaluationComparison {
  baselineId: string;
  /** False when questions, expected files or k are others, and the difference says little. */
  isSameTask: boolean;
  /** Of the legs that both have. */
  difference: Partial<Record<EvaluationLeg, LegDifference>>;
}

export interface EvaluationView {
  id: string;
  knowledgeBaseId: string;
  name: string;
  status: EvaluationStatus;
  legs: EvaluationLeg[];
  k: number;
  questionCount: number;
  doneCount: number;
  error: SerializedError | null;
  /** Null until it is completed. */
  summary: Partial<Record<EvaluationLeg, LegSummary>> | null;
  comparison: EvaluationComparison | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface LegResult extends RankingScores {
  ms: number;
  isDegraded: boolean;
  /** The first k files, best first. */
  fileIds: string[];
  quotesFound: number;
  isAnswerFound: boolean;
}

export interface QuestionResult {
  id: string;
  question: string;
  expected: ExpectedFile[];
  answer: string | null;
  /** Null until the question was asked. */
  legs: Partial<Record<EvaluationLeg, LegResult>> | null;
}

/** Accepts the questions; they are asked in the background. `not_found` names the expected file that is not there. */
export const CreateEvaluation = defineRpc<EvaluationView>()({
  name: 'memory.create-evaluation.v1',
  request: CreateEvaluationRequest,
});
export const GetEvaluation = defineRpc<EvaluationView>()({
  name: 'memory.get-evaluation.v1',
  request: GetEvaluationRequest,
});
export const ListEvaluations = defineRpc<Page<EvaluationView>>()({
  name: 'memory.list-evaluations.v1',
  request: ListEvaluationsRequest,
});
/** In the order in which the questions were given. */
export const ListEvaluationResults = defineRpc<Page<QuestionResult>>()({
  name: 'memory.list-evaluation-results.v1',
  request: ListEvaluationResultsRequest,
});
/** What has ended stays as it is. */
export const CancelEvaluation = defineRpc<EvaluationView>()({
  name: 'memory.cancel-evaluation.v1',
  request: EvaluationRequest,
});
export const DeleteEvaluation = defineRpc<DeletedReply>()({
  name: 'memory.delete-evaluation.v1',
  request: EvaluationRequest,
});
