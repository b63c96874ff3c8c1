import { Module } from '@nestjs/common';
import { RunClient } from './run.client.js';

@Module({ providers: [RunClient], exports: [RunClient] })
export class RunsModule {}
