import 'reflect-metadata';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  BlobsConfig,
  BrokerConfig,
  ConfigModule,
  type ConfigOf,
  DatabaseConfig,
  type Environment,
  LlmConfig,
  loadConfig,
  ServerConfig,
} from '@parley/config';
import { LlmModule, llmOptionsOf } from '@parley/llm';
import { type BrokerConnect, MessageBus, MessagingModule, RabbitMqStrategy } from '@parley/messaging';
import { HealthRegistry, ObservabilityModule, type RunnableApp } from '@parley/observability';
import { Database, PersistenceModule } from '@parley/persistence';
import { Logger } from 'nestjs-pino';
import { DocumentEntity } from './documents/document.entity.js';
import { DocumentsModule } from './documents/documents.module.js';
import { EmbeddingsModule } from './embeddings/embeddings.module.js';
import { FileEntity } from './files/file.entity.js';
import { FilesModule } from './files/files.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { KnowledgeBaseEntity } from './knowledge-bases/knowledge-base.entity.js';
import { KnowledgeBasesModule } from './knowledge-bases/knowledge-bases.module.js';
import { SearchModule } from './search/search.module.js';
import { StatusModule } from './status/status.module.js';

export const appSections = {
  server: ServerConfig,
  database: DatabaseConfig,
  broker: BrokerConfig,
  blobs: BlobsConfig,
  llm: LlmConfig,
};

export type AppConfig = ConfigOf<typeof appSections>;

export interface Wiring {
  /** Another way to a broker, such as the embedded one. */
  brokerConnect?: BrokerConnect;
}

const APP = 'memory';
const DEFAULT_PORT = '3003';
const BROKER_CHECK_MS = 1_000;

/** Files, knowledge bases, search. */
@Module({})
export class AppModule {
  constructor(health: HealthRegistry, database: Database, bus: MessageBus) {
    health.register('database', () => database.ping());
    health.register('broker', () => bus.whenConnected(BROKER_CHECK_MS));
  }

  static forRoot(config: AppConfig, wiring: Wiring): DynamicModule {
    const { server, database, broker, llm } = config;
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(appSections, config),
        ObservabilityModule.forRoot({ app: APP, logLevel: server.logLevel }),
        PersistenceModule.forRoot({
          url: database.databaseUrl,
          role: 'parley_memory',
          schema: 'memory',
          entities: [FileEntity, KnowledgeBaseEntity, DocumentEntity],
          poolSize: database.poolSize,
          statementTimeoutMs: database.statementTimeoutMs,
        }),
        MessagingModule.forRoot({
          app: APP,
          url: broker.rabbitmqUrl,
          outbox: { schema: 'memory' },
          drainTimeoutMs: server.shutdownTimeoutMs,
          ...(wiring.brokerConnect ? { connect: wiring.brokerConnect } : {}),
        }),
        LlmModule.forRoot(llmOptionsOf(llm)),
        FilesModule,
        KnowledgeBasesModule,
        DocumentsModule,
        SearchModule,
        EmbeddingsModule,
        JobsModule,
        StatusModule,
      ],
    };
  }
}

/**
 * The memory service, taking messages; it is up to the caller to let it listen for health checks.
 * @throws ConfigError naming every fault of the environment
 */
export async function createApp(environment: Environment, wiring: Wiring = {}): Promise<RunnableApp> {
  const config = loadConfig(appSections, { PORT: DEFAULT_PORT, ...environment });
  const module = AppModule.forRoot(config, wiring);
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), { bufferLogs: true });
  app.useLogger(app.get(Logger));
  app.connectMicroservice({ strategy: app.get(RabbitMqStrategy) });
  await app.init();
  await app.startAllMicroservices();
  return { app, listening: config.server };
}
