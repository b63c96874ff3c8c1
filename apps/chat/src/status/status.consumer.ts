import { Controller } from '@nestjs/common';
import { GetChatStatus, type GetStatusRequest, type ServiceStatus } from '@parley/contracts';
import { HandleRpc } from '@parley/messaging';
import { StatusService } from './status.service.js';

@Controller()
export class StatusConsumer {
  constructor(private readonly service: StatusService) {}

  @HandleRpc(GetChatStatus)
  status(_request: GetStatusRequest): Promise<ServiceStatus> {
    return this.service.status();
  }
}
