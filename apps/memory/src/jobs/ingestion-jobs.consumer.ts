import { Controller } from '@nestjs/common';
import {
  type ByIdRequest,
  CancelIngestion,
  type DeadLetterDetails,
  type DeadLetterView,
  DiscardDeadLetters,
  type DocumentRequest,
  GetDeadLetter,
  GetIngestionJob,
  GetIngestionProgress,
  type IngestionJobView,
  type IngestionProgressReply,
  ListDeadLetters,
  type ListDeadLettersRequest,
  ListIngestionJobs,
  type ListIngestionJobsRequest,
  type Page,
  ReplayDeadLetters,
  type SettleDeadLettersReply,
  type SettleDeadLettersRequest,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { IngestionJobsService } from './ingestion-jobs.service.js';

@Controller()
export class IngestionJobsConsumer {
  constructor(private readonly service: IngestionJobsService) {}

  @HandleRpc(GetIngestionJob)
  get(request: DocumentRequest, { tenant }: MessageContext): Promise<IngestionJobView> {
    return this.service.get(tenant, request);
  }

  @HandleRpc(CancelIngestion)
  cancel(request: DocumentRequest, { tenant }: MessageContext): Promise<IngestionJobView> {
    return this.service.cancel(tenant, request);
  }

  @HandleRpc(ListIngestionJobs)
  list(request: ListIngestionJobsRequest, { tenant }: MessageContext): Promise<Page<IngestionJobView>> {
    return this.service.list(tenant, request);
  }

  @HandleRpc(GetIngestionProgress)
  progress({ id }: ByIdRequest, { tenant }: MessageContext): Promise<IngestionProgressReply> {
    return this.service.progress(tenant, id);
  }

  @HandleRpc(ListDeadLetters)
  deadLetters(request: ListDeadLettersRequest, { tenant }: MessageContext): Promise<Page<DeadLetterView>> {
    return this.service.listDeadLetters(tenant, request);
  }

  @HandleRpc(GetDeadLetter)
  deadLetter({ id }: ByIdRequest, { tenant }: MessageContext): Promise<DeadLetterDetails> {
    return this.service.deadLetter(tenant, id);
  }

  @HandleRpc(ReplayDeadLetters)
  replay(request: SettleDeadLettersRequest, { tenant }: MessageContext): Promise<SettleDeadLettersReply> {
    return this.service.replay(tenant, request);
  }

  @HandleRpc(DiscardDeadLetters)
  discard(request: SettleDeadLettersRequest, { tenant }: MessageContext): Promise<SettleDeadLettersReply> {
    return this.service.discard(tenant, request);
  }
}
