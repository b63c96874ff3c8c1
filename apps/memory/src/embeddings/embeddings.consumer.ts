import { Controller } from '@nestjs/common';
import {
  EmbedTexts,
  type EmbedTextsReply,
  type EmbedTextsRequest,
  GetEmbeddingModel,
  type GetEmbeddingModelRequest,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { EmbeddingsService } from './embeddings.service.js';

@Controller()
export class EmbeddingsConsumer {
  constructor(private readonly service: EmbeddingsService) {}

  @HandleRpc(EmbedTexts)
  embed(request: EmbedTextsRequest, { signal }: MessageContext): Promise<EmbedTextsReply> {
    return this.service.embed(request, signal);
  }

  @HandleRpc(GetEmbeddingModel)
  model(_request: GetEmbeddingModelRequest): { model: string } {
    return { model: this.service.model };
  }
}
