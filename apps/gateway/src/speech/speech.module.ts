import { Module } from '@nestjs/common';
import { SpeechClient } from './speech.client.js';
import { SpeechController } from './speech.controller.js';

@Module({ controllers: [SpeechController], providers: [SpeechClient], exports: [SpeechClient] })
export class SpeechModule {}
