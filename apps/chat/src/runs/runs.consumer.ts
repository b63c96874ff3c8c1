import { Controller } from '@nestjs/common';
import { StartRun, type StartRunReply, type StartRunRequest } from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { RunsService } from './runs.service.js';

@Controller()
export class RunsConsumer {
  constructor(private readonly runs: RunsService) {}

  @HandleRpc(StartRun)
  start(request: StartRunRequest, { tenant }: MessageContext): Promise<StartRunReply> {
    return this.runs.start(tenant, request);
  }
}
