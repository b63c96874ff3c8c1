import { type INestApplicationContext } from '@nestjs/common';
import { type MessageBus } from '@parley/messaging';

class BusClientModule {}

/** Talks to the apps over the broker, in the gateway's place. */
export class BusClient {
  readonly bus: MessageBus;
  private readonly app: INestApplicationContext;

  /** No parameter properties here: benchmarks run this file as it is, with its types stripped. */
  private constructor(app: INestApplicationContext, bus: MessageBus) {
    this.app = app;
    this.bus = bus;
  }

  static async connect(url: string): Promise<BusClient> {
    // In this order: Jest cannot load the CommonJS packages behind the second while the first is being loaded.
    const { NestFactory } = await import('@nestjs/core');
    const { MessageBus, MessagingModule } = await import('@parley/messaging');
    const module = { module: BusClientModule, imports: [MessagingModule.forRoot({ app: 'gateway', url })] };
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    const bus = app.get(MessageBus);
    await bus.whenConnected(60_000);
    return new BusClient(app, bus);
  }

  close(): Promise<void> {
    return this.app.close();
  }
}
