import { Module } from '@nestjs/common';
import { RunsModule } from '../runs/runs.module.js';
import { CompletionsController } from './completions.controller.js';

@Module({ imports: [RunsModule], controllers: [CompletionsController] })
export class CompletionsModule {}
