import { Injectable } from '@nestjs/common';

/** Closed for good once the process is asked to stop, so that no new work is sent its way while it drains. */
@Injectable()
export class ReadinessGate {
  #draining = false;

  drain(): void {
    this.#draining = true;
  }

  get isDraining(): boolean {
    return this.#draining;
  }
}
