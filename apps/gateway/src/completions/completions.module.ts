import { Module } from '@nestjs/common';
import { RunsModule } from '../runs/runs.module.js';
import { CompletionsController } from './completions.controller.js';
import { StoredCompletionsController } from './stored-completions.controller.js';
import { StoredCompletionsService } from './stored-completions.service.js';

@Module({
  imports: [RunsModule],
  controllers: [CompletionsController, StoredCompletionsController],
  providers: [StoredCompletionsService],
})
export class CompletionsModule {}
