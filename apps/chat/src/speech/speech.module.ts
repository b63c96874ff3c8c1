import { Module } from '@nestjs/common';
import { UsageModule } from '../usage/usage.module.js';
import { SpeechConsumer } from './speech.consumer.js';
import { SpeechService } from './speech.service.js';

@Module({ imports: [UsageModule], controllers: [SpeechConsumer], providers: [SpeechService] })
export class SpeechModule {}
