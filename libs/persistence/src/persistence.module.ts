import { type DynamicModule, Module } from '@nestjs/common';
import { Database } from './database.js';
import { PERSISTENCE_OPTIONS, type PersistenceOptions } from './persistence-options.js';

@Module({})
export class PersistenceModule {
  static forRoot(options: PersistenceOptions): DynamicModule {
    return {
      module: PersistenceModule,
      global: true,
      providers: [{ provide: PERSISTENCE_OPTIONS, useValue: options }, Database],
      exports: [Database],
    };
  }
}
