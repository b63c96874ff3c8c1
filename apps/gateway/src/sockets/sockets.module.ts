import { Module } from '@nestjs/common';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { IdentityModule } from '../identity/identity.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { SocketAdmission } from './socket-admission.js';
import { SocketServer } from './socket-server.js';
import { SocketsController } from './sockets.controller.js';

@Module({
  imports: [IdentityModule, RunsModule, IdempotencyModule],
  controllers: [SocketsController],
  providers: [SocketAdmission, SocketServer],
})
export class SocketsModule {}
