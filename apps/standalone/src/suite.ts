import { type INestApplication } from '@nestjs/common';
import { createApp as createChat } from '@parley/chat';
import { createApp as createGateway } from '@parley/gateway';
import { createApp as createIngestionWorker } from '@parley/ingestion-worker';
import { createApp as createMemory } from '@parley/memory';
import { closeApp, type Listening } from '@parley/observability';
import { type Environment } from '@parley/config';
import { migrate } from '@parley/persistence';
import { type Services } from './banner.js';
import { type DataFolder, type Secrets } from './data-folder.js';
import { connectEmbeddedBroker, EMBEDDED_BROKER_URL } from './embedded-broker.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { checkSettings } from './settings/settings.js';

const SHUTDOWN_TIMEOUT_MS = 4_000;

/** The four apps in this process, on embedded services or on those that the environment names. */
export class Suite {
  private constructor(
    readonly gateway: INestApplication,
    private readonly listening: Listening,
    readonly services: Services,
    private readonly others: Record<'memory' | 'chat' | 'worker', INestApplication>,
    private readonly postgres: EmbeddedPostgres | null,
  ) {}

  static async start(environment: Environment, folder: DataFolder, secrets: Secrets): Promise<Suite> {
    const defaults = {
      RABBITMQ_URL: EMBEDDED_BROKER_URL,
      UPLOAD_DIR: folder.uploads,
      JWT_SECRET: secrets.jwtSecret,
      LOG_LEVEL: 'warn',
      SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
    };
    checkSettings(withDefaults(environment, { ...defaults, DATABASE_URL: 'postgres://embedded' }));
    const postgres = environment['DATABASE_URL'] ? null : await EmbeddedPostgres.start(folder.postgres);
    const settings = withDefaults(environment, {
      ...defaults,
      DATABASE_URL: postgres?.url,
      DATABASE_POOL_SIZE: postgres ? '8' : undefined,
    });
    const isBrokerEmbedded = settings['RABBITMQ_URL'] === EMBEDDED_BROKER_URL;
    const wiring = isBrokerEmbedded ? { brokerConnect: connectEmbeddedBroker } : {};
    await migrate(settings['DATABASE_URL']!);
    const { app: memory } = await createMemory(settings, wiring);
    const { app: chat } = await createChat(settings, wiring);
    const { app: worker } = await createIngestionWorker(settings, wiring);
    const { app: gateway, listening } = await createGateway(settings, wiring);
    await gateway.init();
    const services: Services = {
      database: postgres ? 'embedded' : 'external',
      broker: isBrokerEmbedded ? 'embedded' : 'external',
      provider: settings['OPENAI_BASE_URL'] ?? (settings['OPENAI_API_KEY'] ? 'OpenAI' : null),
    };
    return new Suite(gateway, listening, services, { memory, chat, worker }, postgres);
  }

  get baseUrl(): string {
    return `http://localhost:${this.listening.port}`;
  }

  /** Until then nobody can reach the suite. */
  async listen(): Promise<void> {
    await this.gateway.listen(this.listening.port, this.listening.host);
  }

  /** At the same time, so that an open stream is told of its end by the chat service; last, what the others ask. */
  async stop(): Promise<void> {
    const { memory, chat, worker } = this.others;
    await Promise.all([this.gateway, chat, worker].map(closeApp));
    await closeApp(memory);
    await this.postgres?.close();
  }
}

function withDefaults(environment: Environment, defaults: Environment): Record<string, string | undefined> {
  const present = Object.entries(environment).filter(([, value]) => (value ?? '') !== '');
  return { ...defaults, ...Object.fromEntries(present) };
}
