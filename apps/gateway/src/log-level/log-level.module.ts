import { Module } from '@nestjs/common';
import { LogLevelConsumer } from './log-level.consumer.js';
import { LogLevelController } from './log-level.controller.js';
import { LogLevelService } from './log-level.service.js';

@Module({ controllers: [LogLevelController, LogLevelConsumer], providers: [LogLevelService] })
export class LogLevelModule {}
