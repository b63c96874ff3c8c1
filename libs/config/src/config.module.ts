import { type DynamicModule, Module } from '@nestjs/common';
import { type ConfigOf, type ConfigSections } from './load-config.js';

/** Makes each section injectable by its class. */
@Module({})
export class ConfigModule {
  static forRoot<S extends ConfigSections>(sections: S, config: ConfigOf<S>): DynamicModule {
    const providers = Object.entries(sections).map(([key, section]) => ({ provide: section, useValue: config[key] }));
    return { module: ConfigModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
