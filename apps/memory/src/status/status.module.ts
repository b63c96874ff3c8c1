import { Module } from '@nestjs/common';
import { StatusConsumer } from './status.consumer.js';
import { StatusService } from './status.service.js';

@Module({ controllers: [StatusConsumer], providers: [StatusService] })
export class StatusModule {}
