import { Injectable } from '@nestjs/common';
import { DomainError, type EmbedTextsReply, type EmbedTextsRequest } from '@parley/contracts';
import { decodeTokens, EmbeddingProvider, type EmbeddingResult } from '@parley/llm';
import { shorten } from './shorten.js';

/** Clients that send tokens take the encoding of OpenAI's embedding models, whichever model is behind the route. */
const TOKENS_OF = 'text-embedding-ada-002';
/** More texts at a time are bulk work, which leaves room for the queries of searches. */
const FEW_TEXTS = 16;

@Injectable()
export class EmbeddingsService {
  constructor(private readonly provider: EmbeddingProvider) {}

  get model(): string {
    return this.provider.model;
  }

  async embed(request: EmbedTextsRequest, signal: AbortSignal): Promise<EmbedTextsReply> {
    const texts = request.tokens?.map(textOf) ?? request.texts;
    const { vectors, promptTokens } = await this.#embed(texts, signal);
    const { dimensions } = request;
    const wanted = dimensions === undefined ? vectors : vectors.map((vector) => shorten(vector, dimensions));
    return { model: this.provider.model, vectors: wanted.map(base64Of), promptTokens };
  }

  async #embed(texts: string[], signal: AbortSignal): Promise<EmbeddingResult> {
    if (texts.length <= FEW_TEXTS) return this.provider.embed(texts, { signal });
    const result: EmbeddingResult = { vectors: [], promptTokens: 0 };
    for await (const { vectors, promptTokens } of this.provider.embedBatches(texts, { signal })) {
      result.vectors.push(...vectors);
      result.promptTokens += promptTokens;
    }
    return result;
  }
}

/** @throws DomainError `invalid_request` for a number that is no token */
function textOf(tokens: number[], index: number): string {
  try {
    return decodeTokens(tokens, TOKENS_OF);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new DomainError(error.code, error.message, { param: `input[${index}]`, cause: error });
  }
}

/** Float32Array is little-endian on every machine that Node.js runs on. */
function base64Of(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}
