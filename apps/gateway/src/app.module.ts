import 'reflect-metadata';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  BlobsConfig,
  BrokerConfig,
  ConfigModule,
  type ConfigOf,
  DatabaseConfig,
  type Environment,
  loadConfig,
  ServerConfig,
  TelemetryConfig,
} from '@parley/config';
import { MessagingModule, RabbitMqStrategy } from '@parley/messaging';
import { ObservabilityModule, type RunnableApp, Tracing } from '@parley/observability';
import { PersistenceModule } from '@parley/persistence';
import { type Wiring } from '@parley/service';
import { Logger } from 'nestjs-pino';
import { AuditModule } from './audit/audit.module.js';
import { AssistantsModule } from './assistants/assistants.module.js';
import { CompletionsModule } from './completions/completions.module.js';
import { ConversationItemsModule } from './conversation-items/conversation-items.module.js';
import { ConversationsModule } from './conversations/conversations.module.js';
import { MessageConfig } from './conversations/message.config.js';
import { EmbeddingMigrationsModule } from './embedding-migrations/embedding-migrations.module.js';
import { EmbeddingsModule } from './embeddings/embeddings.module.js';
import { EvaluationsModule } from './evaluations/evaluations.module.js';
import { FeatureFlagsConfig } from './feature-flags/feature-flags.config.js';
import { FeatureFlagsModule } from './feature-flags/feature-flags.module.js';
import { FilesModule } from './files/files.module.js';
import { UploadConfig } from './files/upload.config.js';
import { ConnectionDeadline } from './http/connection-deadline.js';
import { CorsConfig } from './http/cors.config.js';
import { ErrorFilter } from './http/error.filter.js';
import { createFastifyAdapter } from './http/fastify.adapter.js';
import { HttpConfig } from './http/http.config.js';
import { installHttpTracing } from './http/http-tracing.hook.js';
import { serveOpenApi } from './http/openapi.js';
import { secure } from './http/security.js';
import { createValidationPipe } from './http/validation.pipe.js';
import { HealthModule } from './health/health.module.js';
import { ApiKeyEntity } from './identity/api-key.entity.js';
import { AuthConfig } from './identity/auth.config.js';
import { AuthenticationGuard } from './identity/authentication.guard.js';
import { IdempotencyConfig } from './idempotency/idempotency.config.js';
import { IdempotencyModule } from './idempotency/idempotency.module.js';
import { IdentityModule } from './identity/identity.module.js';
import { ScopesGuard } from './identity/scopes.guard.js';
import { TenantEntity } from './identity/tenant.entity.js';
import { UserEntity } from './identity/user.entity.js';
import { IngestionJobsModule } from './ingestion-jobs/ingestion-jobs.module.js';
import { KnowledgeBasesModule } from './knowledge-bases/knowledge-bases.module.js';
import { LogLevelModule } from './log-level/log-level.module.js';
import { ModelsModule } from './models/models.module.js';
import { RateLimitConfig } from './rate-limit/rate-limit.config.js';
import { RateLimitGuard } from './rate-limit/rate-limit.guard.js';
import { RateLimitModule } from './rate-limit/rate-limit.module.js';
import { RedisConfig } from './rate-limit/redis.config.js';
import { ReplacedSystemsModule } from './replaced-systems/replaced-systems.module.js';
import { ResponsesModule } from './responses/responses.module.js';
import { SocketsModule } from './sockets/sockets.module.js';
import { SpeechModule } from './speech/speech.module.js';
import { StatisticsModule } from './statistics/statistics.module.js';
import { StorageModule } from './storage/storage.module.js';
import { UiChatModule } from './ui-chat/ui-chat.module.js';

export { IdentityBootstrap } from './identity/identity-bootstrap.service.js';

export const appSections = {
  server: ServerConfig,
  http: HttpConfig,
  cors: CorsConfig,
  auth: AuthConfig,
  rateLimit: RateLimitConfig,
  redis: RedisConfig,
  database: DatabaseConfig,
  broker: BrokerConfig,
  telemetry: TelemetryConfig,
  blobs: BlobsConfig,
  upload: UploadConfig,
  message: MessageConfig,
  idempotency: IdempotencyConfig,
  featureFlags: FeatureFlagsConfig,
};

export type AppConfig = ConfigOf<typeof appSections>;

const DEFAULT_PORT = '3001';

const FEATURES: Type[] = [
  IdentityModule,
  HealthModule,
  FeatureFlagsModule,
  FilesModule,
  KnowledgeBasesModule,
  IngestionJobsModule,
  ModelsModule,
  EmbeddingsModule,
  EvaluationsModule,
  EmbeddingMigrationsModule,
  CompletionsModule,
  ResponsesModule,
  AssistantsModule,
  SpeechModule,
  ReplacedSystemsModule,
  UiChatModule,
  SocketsModule,
  StatisticsModule,
  StorageModule,
  LogLevelModule,
  ConversationsModule,
  ConversationItemsModule,
];

/** REST and event streams: who are you, may you; no business rules. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig, wiring: Wiring): DynamicModule {
    const { server, database, broker, telemetry } = config;
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(appSections, config),
        ObservabilityModule.forRoot({
          app: 'gateway',
          logLevel: server.logLevel,
          tracing: telemetry.tracingOf(server),
          sentry: telemetry.sentryOf(server),
          httpHealth: false,
        }),
        PersistenceModule.forRoot({
          url: database.databaseUrl,
          role: 'parley_gateway',
          schema: 'identity',
          entities: [TenantEntity, UserEntity, ApiKeyEntity],
          poolSize: database.poolSize,
          statementTimeoutMs: database.statementTimeoutMs,
        }),
        MessagingModule.forRoot({
          app: 'gateway',
          url: broker.rabbitmqUrl,
          drainTimeoutMs: server.shutdownTimeoutMs,
          ...(wiring.brokerConnect ? { connect: wiring.brokerConnect } : {}),
        }),
        RateLimitModule,
        IdempotencyModule,
        AuditModule,
        ...FEATURES,
      ],
      providers: [
        ConnectionDeadline,
        { provide: APP_FILTER, useClass: ErrorFilter },
        { provide: APP_PIPE, useFactory: createValidationPipe },
        { provide: APP_GUARD, useClass: AuthenticationGuard },
        { provide: APP_GUARD, useClass: ScopesGuard },
        { provide: APP_GUARD, useClass: RateLimitGuard },
      ],
    };
  }
}

/**
 * The gateway, ready to listen.
 * @throws ConfigError naming every fault of the environment
 */
export async function createApp(environment: Environment, wiring: Wiring = {}): Promise<RunnableApp> {
  const config = loadConfig(appSections, { PORT: DEFAULT_PORT, ...environment });
  const module = AppModule.forRoot(config, wiring);
  const adapter = createFastifyAdapter(config.http);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { bufferLogs: true });
  app.useLogger(app.get(Logger));
  installHttpTracing(adapter.getInstance(), app.get(Tracing));
  await secure(app, config.cors);
  serveOpenApi(app);
  app.connectMicroservice({ strategy: app.get(RabbitMqStrategy) });
  await app.startAllMicroservices();
  return { app, listening: config.server };
}
