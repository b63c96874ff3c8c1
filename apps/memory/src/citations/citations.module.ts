import { Module } from '@nestjs/common';
import { CitationsConsumer } from './citations.consumer.js';
import { CitationsRepository } from './citations.repository.js';
import { CitationsService } from './citations.service.js';

@Module({ controllers: [CitationsConsumer], providers: [CitationsService, CitationsRepository] })
export class CitationsModule {}
