import { Injectable } from '@nestjs/common';
import { EmbedTexts, type EmbedTextsReply, GetEmbeddingModel, type TenantContext } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { modelNotFound } from '../models/model-choice.js';
import { type EmbeddingInput, type EmbeddingsBody } from './embeddings.request.js';

/** Keeps a reply at a few megabytes, far below what a broker carries in one message. */
const INPUTS_PER_REQUEST = 256;

type Inputs = { texts: string[]; tokens?: undefined } | { texts: []; tokens: number[][] };

@Injectable()
export class EmbeddingsService {
  constructor(private readonly bus: MessageBus) {}

  /** @throws DomainError `model_not_found` for any other model than the one in use */
  async embed(tenant: TenantContext, body: EmbeddingsBody): Promise<EmbedTextsReply> {
    const { model } = await this.bus.request(GetEmbeddingModel, {}, tenant);
    if (body.model !== model && body.model !== 'default') throw modelNotFound(body.model);
    const whole: EmbedTextsReply = { model, vectors: [], promptTokens: 0 };
    for (const inputs of inBatches(inputsOf(body.input))) {
      const dimensions = body.dimensions ? { dimensions: body.dimensions } : {};
      const part = await this.bus.request(EmbedTexts, { ...inputs, ...dimensions }, tenant);
      whole.vectors.push(...part.vectors);
      whole.promptTokens += part.promptTokens;
    }
    return whole;
  }
}

function inputsOf(input: EmbeddingInput): Inputs {
  if (typeof input === 'string') return { texts: [input] };
  if (isList(input, 'string')) return { texts: input };
  return { texts: [], tokens: isList(input, 'number') ? [input] : input };
}

function isList<T extends 'string' | 'number'>(
  input: Exclude<EmbeddingInput, string>,
  type: T,
): input is T extends 'string' ? string[] : number[] {
  return typeof input[0] === type;
}

function* inBatches(inputs: Inputs): Generator<Inputs> {
  const count = inputs.tokens?.length ?? inputs.texts.length;
  for (let from = 0; from < count; from += INPUTS_PER_REQUEST) {
    const to = from + INPUTS_PER_REQUEST;
    yield inputs.tokens
      ? { texts: [], tokens: inputs.tokens.slice(from, to) }
      : { texts: inputs.texts.slice(from, to) };
  }
}
