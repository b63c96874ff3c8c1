import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { ModelCatalogModule } from '../models/model-catalog.module.js';
import { UpkeepModule } from '../upkeep/upkeep.module.js';
import { RunTools } from '../tools/run-tools.js';
import { ToolsModule } from '../tools/tools.module.js';
import { ActiveRuns } from './active-runs.js';
import { RetrievalClient } from './retrieval.client.js';
import { RunGenerator } from './run-generator.js';
import { RunLeases } from './run-leases.js';
import { RunListening } from './run-listening.js';
import { RunPlanner } from './run-planner.js';
import { RunsConsumer } from './runs.consumer.js';
import { RunsLifecycle } from './runs.lifecycle.js';
import { RunsRepository } from './runs.repository.js';
import { RunsService } from './runs.service.js';

@Module({
  imports: [AssistantsModule, ConversationsModule, ModelCatalogModule, ToolsModule, UpkeepModule],
  controllers: [RunsConsumer],
  providers: [
    RunsService,
    RunPlanner,
    RunGenerator,
    RunTools,
    RunsRepository,
    RetrievalClient,
    ActiveRuns,
    RunLeases,
    RunListening,
    RunsLifecycle,
  ],
})
export class RunsModule {}
