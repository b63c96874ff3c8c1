import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type FileCitation } from './runs.js';
import { type ChunkLocator } from './search.js';

export const MAX_CITATIONS = 200;

/** A claim that words stand in a chunk of a file. */
export class CitationClaim {
  @IsUUID()
  fileId!: string;

  @IsUUID()
  chunkId!: string;

  @IsString()
  @MaxLength(8_192)
  quote!: string;

  /** Where in the file it is said to stand. */
  @IsOptional()
  @IsObject()
  locator?: ChunkLocator;
}

export class VerifyCitationsRequest {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_CITATIONS)
  @ValidateNested({ each: true })
  @Type(() => CitationClaim)
  citations!: CitationClaim[];

  /** Only what stands in one of these counts; absent: any of the tenant's. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsUUID(undefined, { each: true })
  knowledgeBaseIds?: string[];
}

/**
 * `verified`: the chunk is in the file as it is searched now, stands where it is said to, and holds the quote. `changed`: the file is there, but what
 * was cited is not that chunk any more. `deleted`: no knowledge base holds the file any more.
 */
export const CITATION_STATES = ['verified', 'changed', 'deleted'] as const;
export type CitationState = (typeof CITATION_STATES)[number];

/** Where the quote stands now. */
export interface QuotePlace {
  knowledgeBaseId: string;
  chunkId: string;
  ordinal: number;
  locator: ChunkLocator;
}

export interface VerifiedCitation {
  state: CitationState;
  /** Null when the file is gone. */
  filename: string | null;
  /** The cited chunk while it is `verified`; where a new version of the file says the same; null when it is nowhere. */
  place: QuotePlace | null;
}

export interface VerifyCitationsReply {
  /** One for each claim, in their order. Files of other tenants are `deleted`. */
  citations: VerifiedCitation[];
}

/** Checks citations against what is indexed now; quotes are compared as `normaliseQuote` of libs/knowledge says. */
export const VerifyCitations = defineRpc<VerifyCitationsReply>()({
  name: 'memory.verify-citations.v1',
  request: VerifyCitationsRequest,
});

export class MessageCitationsRequest {
  @IsUUID()
  conversationId!: string;

  @IsUUID()
  messageId!: string;
}

/** A citation as the answer gave it, and what has become of it. */
export interface CheckedCitation extends VerifiedCitation {
  citation: FileCitation;
}

/** In the order of the answer; a message without citations has none. */
export interface MessageCitationsReply {
  citations: CheckedCitation[];
}

/** Checks what a message cites against the documents of today. */
export const GetMessageCitations = defineRpc<MessageCitationsReply>()({
  name: 'chat.get-message-citations.v1',
  request: MessageCitationsRequest,
  timeoutMs: 15_000,
});
