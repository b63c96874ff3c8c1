import 'reflect-metadata';
import { type DynamicModule, Module } from '@nestjs/common';
import {
  BrokerConfig,
  ConfigModule,
  type ConfigOf,
  type ConfigSections,
  DatabaseConfig,
  ServerConfig,
  TelemetryConfig,
} from '@parley/config';
import { type BrokerConnect, MessageBus, MessagingModule } from '@parley/messaging';
import { HealthRegistry, ObservabilityModule } from '@parley/observability';
import { LogLevelConsumer } from './log-level.consumer.js';
import { type AppRole, Database, PersistenceModule } from '@parley/persistence';

/** The settings that every service reads. */
export const serviceSections = {
  server: ServerConfig,
  database: DatabaseConfig,
  broker: BrokerConfig,
  telemetry: TelemetryConfig,
};

/** What a process chooses for the services in it. */
export interface Wiring {
  /** Another way to a broker, such as the embedded one. */
  brokerConnect?: BrokerConnect;
}

export interface ServiceOptions<Sections extends ConfigSections & typeof serviceSections> {
  /** The owner part of the messages it handles. */
  name: string;
  role: AppRole;
  schema: string;
  entities: (new () => object)[];
  /** Whether the schema has an outbox, so that the service may send commands. */
  hasOutbox?: boolean;
  sections: Sections;
  config: ConfigOf<Sections>;
  wiring: Wiring;
}

const BROKER_CHECK_MS = 1_000;

/** What a service stands on: settings, logs, metrics and health, its database role, the bus. All of it is global. */
@Module({ controllers: [LogLevelConsumer] })
export class ServiceModule {
  constructor(health: HealthRegistry, database: Database, bus: MessageBus) {
    health.register('database', () => database.ping());
    health.register('broker', () => bus.whenConnected(BROKER_CHECK_MS));
  }

  static forRoot<Sections extends ConfigSections & typeof serviceSections>(
    options: ServiceOptions<Sections>,
  ): DynamicModule {
    const { name, role, schema, entities, wiring } = options;
    const { server, database, broker, telemetry }: ConfigOf<typeof serviceSections> = options.config;
    return {
      module: ServiceModule,
      imports: [
        ConfigModule.forRoot(options.sections, options.config),
        ObservabilityModule.forRoot({
          app: name,
          logLevel: server.logLevel,
          tracing: telemetry.tracingOf(server),
          sentry: telemetry.sentryOf(server),
        }),
        PersistenceModule.forRoot({
          url: database.databaseUrl,
          role,
          schema,
          entities,
          poolSize: database.poolSize,
          statementTimeoutMs: database.statementTimeoutMs,
        }),
        MessagingModule.forRoot({
          app: name,
          url: broker.rabbitmqUrl,
          drainTimeoutMs: server.shutdownTimeoutMs,
          outbox: options.hasOutbox ? { schema } : undefined,
          ...(wiring.brokerConnect ? { connect: wiring.brokerConnect } : {}),
        }),
      ],
    };
  }
}
