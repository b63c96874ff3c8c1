import { Module } from '@nestjs/common';
import { SpeechConsumer } from './speech.consumer.js';
import { SpeechService } from './speech.service.js';

@Module({ controllers: [SpeechConsumer], providers: [SpeechService] })
export class SpeechModule {}
