import { Module } from '@nestjs/common';
import { UsageLedger } from './usage-ledger.js';
import { UsageRecordsRepository } from './usage-records.repository.js';

@Module({ providers: [UsageLedger, UsageRecordsRepository], exports: [UsageLedger] })
export class UsageModule {}
