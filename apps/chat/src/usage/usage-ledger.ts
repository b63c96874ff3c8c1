import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { type ModelOrigin, type TenantContext, type Usage } from '@parley/contracts';
import { v7 as uuidv7 } from 'uuid';
import { type UsagePurpose } from './usage-record.entity.js';
import { type UsageRecord, UsageRecordsRepository } from './usage-records.repository.js';

const RETRY_DELAYS_MS = [200, 1_000, 3_000];

/** Tokens of a reply. */
export interface ReplyCharge {
  purpose: Exclude<UsagePurpose, 'speech'>;
  /** Who replied. */
  origin: ModelOrigin;
  usage: Usage;
}

/** A text that is read aloud. */
export interface SpeechCharge {
  origin: ModelOrigin;
  characters: number;
  costMicros: number | null;
}

/** Keeps what a tenant has used of models beside its runs. Whoever was served is not to suffer from it: nothing rejects. */
@Injectable()
export class UsageLedger {
  readonly #logger = new Logger(UsageLedger.name);

  constructor(private readonly records: UsageRecordsRepository) {}

  async chargeReply(tenant: TenantContext, { purpose, origin, usage }: ReplyCharge): Promise<void> {
    const { promptTokens, completionTokens, cachedTokens, reasoningTokens, estimated, costMicros } = usage;
    const tokens = { promptTokens, completionTokens, cachedTokens, reasoningTokens, usageEstimated: estimated };
    await this.#add(tenant, { ...tokens, ...priced(costMicros), ...origin, id: uuidv7(), purpose, characters: null });
  }

  async chargeSpeech(tenant: TenantContext, { origin, characters, costMicros }: SpeechCharge): Promise<void> {
    const tokens = { promptTokens: null, completionTokens: null, cachedTokens: null, reasoningTokens: null };
    const record = { ...tokens, ...priced(costMicros), ...origin, id: uuidv7(), characters, usageEstimated: false };
    await this.#add(tenant, { ...record, purpose: 'speech' });
  }

  async #add(tenant: TenantContext, record: UsageRecord): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.records.add(tenant, record);
      } catch (error) {
        const delayMs = RETRY_DELAYS_MS[attempt];
        const { purpose, id } = record;
        if (delayMs === undefined) return this.#logger.error(`Usage ${id} (${purpose}) is lost: ${String(error)}`);
        await pause(delayMs);
      }
    }
  }
}

function priced(costMicros: number | null): Pick<UsageRecord, 'costMicros'> {
  return { costMicros: costMicros === null ? null : String(costMicros) };
}
