import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Attributes } from './knowledge-bases.js';

/** OpenAI's attribute filter; its shape is checked where it is turned into SQL. */
export type AttributeFilter =
  | {
      type: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'nin';
      key: string;
      value: string | number | boolean | (string | number)[];
    }
  | { type: 'and' | 'or'; filters: AttributeFilter[] };

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
}

/** Where in its file a chunk stands. */
export interface ChunkLocator {
  headings?: string[];
  pageStart?: number;
  pageEnd?: number;
  rowStart?: number;
  rowEnd?: number;
}

export interface SearchHit {
  chunkId: string;
  documentId: string;
  fileId: string;
  knowledgeBaseId: string;
  filename: string;
  ordinal: number;
  text: string;
  /** 0 to 1, higher is better; comparable within one search only. */
  score: number;
  attributes: Attributes;
  locator: ChunkLocator;
}

export interface SearchReply {
  hits: SearchHit[];
}

/** Unknown and foreign knowledge bases are `not_found`. */
export const Search = defineRpc<SearchReply>()({ name: 'memory.search.v1', request: SearchRequest, timeoutMs: 15_000 });
