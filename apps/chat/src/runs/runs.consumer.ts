import { Controller } from '@nestjs/common';
import {
  type ByIdRequest,
  CancelRun,
  ControlRun,
  type ControlRunPayload,
  FindRunUnderWay,
  GetRun,
  GetRunEvents,
  type RunEventsReply,
  type RunEventsRequest,
  type RunUnderWayReply,
  type RunUnderWayRequest,
  type RunView,
  StartRun,
  type StartRunReply,
  type StartRunRequest,
} from '@parley/contracts';
import { HandleRpc, HandleSignal, type MessageContext } from '@parley/messaging';
import { RunsService } from './runs.service.js';

@Controller()
export class RunsConsumer {
  constructor(private readonly runs: RunsService) {}

  @HandleRpc(StartRun)
  start(request: StartRunRequest, { tenant }: MessageContext): Promise<StartRunReply> {
    return this.runs.start(tenant, request);
  }

  @HandleRpc(GetRun)
  get({ id }: ByIdRequest, { tenant }: MessageContext): Promise<RunView> {
    return this.runs.get(tenant, id);
  }

  @HandleRpc(GetRunEvents)
  events(request: RunEventsRequest, { tenant }: MessageContext): Promise<RunEventsReply> {
    return this.runs.events(tenant, request);
  }

  @HandleRpc(FindRunUnderWay)
  async underWay({ conversationId }: RunUnderWayRequest, { tenant }: MessageContext): Promise<RunUnderWayReply> {
    return { run: await this.runs.underWay(tenant, conversationId) };
  }

  @HandleRpc(CancelRun)
  cancel({ id }: ByIdRequest, { tenant }: MessageContext): Promise<RunView> {
    return this.runs.cancel(tenant, id);
  }

  @HandleSignal(ControlRun)
  control(request: ControlRunPayload, { tenant }: MessageContext): Promise<void> {
    return this.runs.control(tenant, request);
  }
}
