import { Module } from '@nestjs/common';
import { VectorRecall } from '@parley/knowledge';
import { RecallSampler } from './recall-sampler.js';

@Module({ providers: [RecallSampler, VectorRecall], exports: [RecallSampler] })
export class RecallModule {}
