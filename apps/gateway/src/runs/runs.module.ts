import { Module } from '@nestjs/common';
import { RunListener } from './run-listener.js';
import { RunClient } from './run.client.js';
import { RunsController } from './runs.controller.js';

@Module({ controllers: [RunsController], providers: [RunClient, RunListener], exports: [RunClient] })
export class RunsModule {}
