import { type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type ConfigOf, type ConfigSections, type Environment, loadConfig } from '@parley/config';
import { RabbitMqStrategy } from '@parley/messaging';
import { type RunnableApp } from '@parley/observability';
import { Logger } from 'nestjs-pino';
import { type serviceSections } from './service.module.js';

export interface ServiceBlueprint<Sections extends ConfigSections & typeof serviceSections> {
  sections: Sections;
  /** Of health and metrics, when the environment names none. */
  defaultPort: number;
  module: (config: ConfigOf<Sections>) => DynamicModule;
}

/**
 * A service that takes messages; it is up to the caller to let it listen for health checks.
 * @throws ConfigError naming every fault of the environment
 */
export async function createService<Sections extends ConfigSections & typeof serviceSections>(
  { sections, defaultPort, module }: ServiceBlueprint<Sections>,
  environment: Environment,
): Promise<RunnableApp> {
  const config = loadConfig(sections, { PORT: String(defaultPort), ...environment });
  // It is closed after the work is done, and would wait for a probe's connection that asks nothing.
  const http = new FastifyAdapter({ forceCloseConnections: true });
  const app = await NestFactory.create<NestFastifyApplication>(module(config), http, { bufferLogs: true });
  app.useLogger(app.get(Logger));
  app.connectMicroservice({ strategy: app.get(RabbitMqStrategy) });
  await app.init();
  await app.startAllMicroservices();
  const { server }: ConfigOf<typeof serviceSections> = config;
  return { app, listening: server };
}
