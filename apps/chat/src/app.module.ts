import 'reflect-metadata';
import { type DynamicModule, Module } from '@nestjs/common';
import { type ConfigOf, type Environment, LlmConfig, ModelsConfig, RetrievalConfig } from '@parley/config';
import { chatModelsOf, LlmModule } from '@parley/llm';
import { type RunnableApp } from '@parley/observability';
import { createService, ServiceModule, serviceSections, type Wiring } from '@parley/service';
import { AssistantEntity } from './assistants/assistant.entity.js';
import { AssistantsModule } from './assistants/assistants.module.js';
import { EgressConfig } from '@parley/egress';
import { ToolsConfig } from './tools/tools.config.js';
import { ChatConfig } from './chat.config.js';
import { ConversationEntity } from './conversations/conversation.entity.js';
import { ConversationsModule } from './conversations/conversations.module.js';
import { FeedbackEntity } from './conversations/feedback.entity.js';
import { MessageEntity } from './conversations/message.entity.js';
import { ModelsModule } from './models/models.module.js';
import { RunEntity } from './runs/run.entity.js';
import { llmMetrics } from './runs/run-metrics.js';
import { RunsModule } from './runs/runs.module.js';
import { SpeechConfig } from './speech/speech.config.js';
import { SpeechModule } from './speech/speech.module.js';
import { StatisticsModule } from './statistics/statistics.module.js';
import { StatusModule } from './status/status.module.js';
import { StoredRequestEntity } from './stored-requests/stored-request.entity.js';
import { StoredRequestsModule } from './stored-requests/stored-requests.module.js';
import { UsageRecordEntity } from './usage/usage-record.entity.js';

export const appSections = {
  ...serviceSections,
  llm: LlmConfig,
  models: ModelsConfig,
  retrieval: RetrievalConfig,
  chat: ChatConfig,
  tools: ToolsConfig,
  speech: SpeechConfig,
  egress: EgressConfig,
};

const DEFAULT_PORT = 3002;

/** Conversations, runs, prompts, the language model. */
@Module({})
export class AppModule {
  static forRoot(config: ConfigOf<typeof appSections>, wiring: Wiring): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({
          name: 'chat',
          role: 'parley_chat',
          schema: 'chat',
          entities: [
            AssistantEntity,
            ConversationEntity,
            MessageEntity,
            FeedbackEntity,
            RunEntity,
            StoredRequestEntity,
            UsageRecordEntity,
          ],
          sections: appSections,
          config,
          wiring,
        }),
        LlmModule.forChat(chatModelsOf(config.llm, config.models.file, llmMetrics)),
        AssistantsModule,
        ConversationsModule,
        ModelsModule,
        RunsModule,
        SpeechModule,
        StatisticsModule,
        StatusModule,
        StoredRequestsModule,
      ],
    };
  }
}

/** The chat service. @throws ConfigError naming every fault of the environment */
export function createApp(environment: Environment, wiring: Wiring = {}): Promise<RunnableApp> {
  const module = (config: ConfigOf<typeof appSections>) => AppModule.forRoot(config, wiring);
  return createService({ sections: appSections, defaultPort: DEFAULT_PORT, module }, environment);
}
