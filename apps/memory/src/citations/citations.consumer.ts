import { Controller } from '@nestjs/common';
import { VerifyCitations, type VerifyCitationsReply, type VerifyCitationsRequest } from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { CitationsService } from './citations.service.js';

@Controller()
export class CitationsConsumer {
  constructor(private readonly service: CitationsService) {}

  @HandleRpc(VerifyCitations)
  verify(request: VerifyCitationsRequest, { tenant }: MessageContext): Promise<VerifyCitationsReply> {
    return this.service.verify(tenant, request);
  }
}
