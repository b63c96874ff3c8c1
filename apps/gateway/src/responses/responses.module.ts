import { Module } from '@nestjs/common';
import { RunsModule } from '../runs/runs.module.js';
import { ResponsesController } from './responses.controller.js';
import { ResponsesService } from './responses.service.js';

@Module({ imports: [RunsModule], controllers: [ResponsesController], providers: [ResponsesService] })
export class ResponsesModule {}
