import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Attributes } from './knowledge-bases.js';
import { type Fusion, FUSIONS, type HitExplanation, type SearchExplanation } from './search-explanation.js';

export const MAX_NEIGHBORS = 3;

/** OpenAI's attribute filter; its shape is checked where it is turned into SQL. */
export type AttributeFilter =
  | {
      type: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'nin';
      key: string;
      value: string | number | boolean | (string | number)[];
    }
  | { type: 'and' | 'or'; filters: AttributeFilter[] };

/** What the legs count for, relative to each other; not both 0. */
export class LegWeights {
  @IsNumber()
  @Min(0)
  lexical!: number;

  @IsNumber()
  @Min(0)
  vector!: number;
}

export class SearchRequest {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @IsUUID(undefined, { each: true })
  knowledgeBaseIds!: string[];

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @MaxLength(8_192, { each: true })
  queries!: string[];

  @IsInt()
  @Min(1)
  @Max(50)
  maxResults = 10;

  /** 0 to 1; hits below are left out. */
  @IsNumber()
  @Min(0)
  @Max(1)
  scoreThreshold = 0;

  @IsOptional()
  @IsObject()
  filter?: AttributeFilter;

  /** Instead of what the embedding space is worth. */
  @IsOptional()
  @ValidateNested()
  @Type(() => LegWeights)
  weights?: LegWeights;

  /** `scores` by default. */
  @IsOptional()
  @IsIn(FUSIONS)
  fusion?: Fusion;

  /** By the reranker, if there is one; true by default. */
  @IsOptional()
  @IsBoolean()
  rerank?: boolean;

  /** Chunks before and after each hit. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_NEIGHBORS)
  neighbors?: number;

  @IsOptional()
  @IsBoolean()
  explain?: boolean;
}

/** A chunk beside a hit, in the version of the document that was searched. */
export interface SearchNeighbor {
  chunkId: string;
  ordinal: number;
  text: string;
  locator: ChunkLocator;
}

/** A chunk that says nothing that a better hit does not say. */
export interface SearchDuplicate {
  chunkId: string;
  fileId: string;
  filename: string;
  ordinal: number;
}

/** Where in its file a chunk stands. */
export interface ChunkLocator {
  headings?: string[];
  pageStart?: number;
  pageEnd?: number;
  /** What is printed on these pages as their numbers, in documents where that is not their position. */
  pageLabels?: [start: string, end: string];
  rowStart?: number;
  rowEnd?: number;
}

export interface SearchHit {
  chunkId: string;
  documentId: string;
  fileId: string;
  knowledgeBaseId: string;
  filename: string;
  /** Of a file that was fetched from an address. */
  url?: string;
  ordinal: number;
  text: string;
  /** 0 to 1, comparable across searches: how much of the question the best hit answers to, and this one beside it. */
  score: number;
  attributes: Attributes;
  locator: ChunkLocator;
  /** In the order of the document; only when asked for. */
  neighbors?: SearchNeighbor[];
  /** Left out for this one; absent when there are none. */
  duplicates?: SearchDuplicate[];
  explain?: HitExplanation;
}

export interface SearchReply {
  hits: SearchHit[];
  /** Only when asked for. */
  explain?: SearchExplanation;
}

/** Unknown and foreign knowledge bases are `not_found`. */
export const Search = defineRpc<SearchReply>()({ name: 'memory.search.v1', request: SearchRequest, timeoutMs: 15_000 });
