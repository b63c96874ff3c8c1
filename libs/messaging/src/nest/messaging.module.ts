import { type DynamicModule, Module, type ModuleMetadata, type Provider, type FactoryProvider } from '@nestjs/common';
import { Tracing } from '@parley/observability';
import { Database } from '@parley/persistence';
import { BrokerLink } from '../broker-link.js';
import { type ScheduleRetry } from '../consuming/redelivery.js';
import { MessageBus } from '../message-bus.js';
import {
  MESSAGING_OPTIONS,
  type MessagingOptions,
  type ResolvedMessagingOptions,
  withDefaults,
} from '../messaging-options.js';
import { MessagingMetrics } from '../messaging-metrics.js';
import { OutboxRelay } from '../outbox/outbox-relay.js';
import { OutboxRepository } from '../outbox/outbox.repository.js';
import { RabbitMqStrategy, SCHEDULE_RETRY } from './rabbitmq.strategy.js';

type Fixed = Pick<MessagingOptions, 'app' | 'outbox'>;

export interface MessagingAsyncOptions extends Fixed {
  imports?: ModuleMetadata['imports'];
  inject?: FactoryProvider['inject'];
  useFactory: FactoryProvider<Omit<MessagingOptions, 'app' | 'outbox'>>['useFactory'];
}

/** Global. With an `outbox` it needs `Database` of libs/persistence, and exports OutboxRepository and OutboxRelay. */
@Module({})
export class MessagingModule {
  static forRoot(options: MessagingOptions): DynamicModule {
    return moduleOf(options, { useValue: withDefaults(options) });
  }

  static forRootAsync({ imports, inject, useFactory, ...fixed }: MessagingAsyncOptions): DynamicModule {
    const resolve = async (...args: Parameters<typeof useFactory>) =>
      withDefaults({ ...(await useFactory(...args)), ...fixed });
    return { ...moduleOf(fixed, { inject: inject ?? [], useFactory: resolve }), imports: imports ?? [] };
  }
}

type OptionsSource = { useValue: ResolvedMessagingOptions } | Pick<FactoryProvider, 'inject' | 'useFactory'>;

function moduleOf({ app, outbox }: Fixed, source: OptionsSource): DynamicModule {
  const outboxed = outbox ? outboxProviders(outbox.schema) : [];
  return {
    module: MessagingModule,
    global: true,
    providers: [
      { provide: MESSAGING_OPTIONS, ...source } as Provider,
      { provide: MessagingMetrics, useValue: new MessagingMetrics(app) },
      BrokerLink,
      MessageBus,
      RabbitMqStrategy,
      ...outboxed,
    ],
    exports: [MessageBus, RabbitMqStrategy, ...(outbox ? [OutboxRepository, OutboxRelay] : [])],
  };
}

function outboxProviders(schema: string): Provider[] {
  return [
    { provide: OutboxRepository, useFactory: () => new OutboxRepository(schema) },
    {
      provide: SCHEDULE_RETRY,
      inject: [Database, OutboxRepository],
      useFactory: (database: Database, repository: OutboxRepository): ScheduleRetry => {
        return (command, dueAt) => database.withoutTenant((tx) => repository.addRetry(tx, command, dueAt));
      },
    },
    {
      provide: OutboxRelay,
      inject: [
        Database,
        OutboxRepository,
        MessageBus,
        MessagingMetrics,
        MESSAGING_OPTIONS,
        { token: Tracing, optional: true },
      ],
      useFactory: (
        database: Database,
        repository: OutboxRepository,
        bus: MessageBus,
        metrics: MessagingMetrics,
        { outboxPollMs: pollMs }: ResolvedMessagingOptions,
        tracing: Tracing = Tracing.off,
      ) => new OutboxRelay({ database, repository, bus, metrics, pollMs, tracing }),
    },
  ];
}
