import { Controller } from '@nestjs/common';
import { SetLogLevel, type SetLogLevelPayload } from '@parley/contracts';
import { HandleSignal, type MessageContext } from '@parley/messaging';
import { LogLevelService } from './log-level.service.js';

@Controller()
export class LogLevelConsumer {
  constructor(private readonly levels: LogLevelService) {}

  @HandleSignal(SetLogLevel)
  set(change: SetLogLevelPayload, { tenant }: MessageContext): void {
    this.levels.heard(change, tenant);
  }
}
