import { Injectable } from '@nestjs/common';
import { ControlRun, type ControlRunPayload, type TenantContext } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { ChatConfig } from '../chat.config.js';
import { Audience } from './audience.js';
import { systemClock } from './clock.js';
import { RunEvents } from './run-events.js';
import { type RunPlan } from './run-plan.js';
import { RunStopped } from './run-stopped.js';

/** How runs are listened to, over the bus. */
@Injectable()
export class RunListening {
  constructor(
    private readonly bus: MessageBus,
    private readonly config: ChatConfig,
  ) {}

  /** The events of a new run, with its first listener, if it has one; a run that never had one goes on to its end. */
  open({ runId, streamAddress }: RunPlan, stop: AbortController): RunEvents {
    const { abandonGraceMs } = this.config;
    const audience = new Audience({
      open: (address, streamId) => this.bus.streamWriter(address, streamId),
      clock: systemClock,
      graceMs: streamAddress === null ? null : abandonGraceMs,
      onDeserted: () => stop.abort(RunStopped.deserted(abandonGraceMs)),
    });
    if (streamAddress !== null) audience.add(streamAddress, runId, []);
    return new RunEvents(audience, systemClock);
  }

  signal(tenant: TenantContext, request: ControlRunPayload): void {
    this.bus.signal(ControlRun, request, tenant);
  }
}
