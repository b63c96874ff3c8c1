import { type Client, OpenFeature } from '@openfeature/server-sdk';
import { Injectable } from '@nestjs/common';
import { type ModelFlag, type TenantContext } from '@parley/contracts';
import { v7 as uuidv7 } from 'uuid';
import { type BuiltInFlag } from './feature-flag.js';
import { FlagValues } from './flag-values.js';
import { PostgresFlagProvider } from './postgres.flag-provider.js';

/** What is on for a user. Answers from memory, and never fails. */
@Injectable()
export class FeatureFlags {
  readonly #client: Client;

  constructor(private readonly values: FlagValues) {
    // OpenFeature is one for the process, where several gateways may live.
    const domain = `parley-gateway-${uuidv7()}`;
    OpenFeature.setProvider(domain, new PostgresFlagProvider(values));
    this.#client = OpenFeature.getClient(domain);
  }

  isOn(tenant: TenantContext, flag: BuiltInFlag): Promise<boolean> {
    return this.#client.getBooleanValue(flag, true, { targetingKey: tenant.userId });
  }

  /** Which models another one answers for, and whether it does so for this user. */
  async modelFlags({ userId }: TenantContext): Promise<ModelFlag[]> {
    const flags = this.values.modelFlags.map(async ({ feature, model, replacement }) => {
      const details = await this.#client.getStringDetails(feature, model!, { targetingKey: userId });
      return { feature, model: model!, replacement: replacement!, isOn: details.variant === 'on' };
    });
    return Promise.all(flags);
  }
}
