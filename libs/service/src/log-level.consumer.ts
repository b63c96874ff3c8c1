import { Controller } from '@nestjs/common';
import { SetLogLevel, type SetLogLevelPayload } from '@parley/contracts';
import { HandleSignal, type MessageContext } from '@parley/messaging';
import { LogLevel } from '@parley/observability';

@Controller()
export class LogLevelConsumer {
  constructor(private readonly logLevel: LogLevel) {}

  @HandleSignal(SetLogLevel)
  set(change: SetLogLevelPayload, { tenant }: MessageContext): void {
    this.logLevel.apply(change, tenant);
  }
}
