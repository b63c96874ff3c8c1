import { Injectable } from '@nestjs/common';
import { ListModels, type TenantContext } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { modelNotFound } from './model-choice.js';
import { type ModelObject, modelObject } from './model.view.js';

@Injectable()
export class ModelsService {
  constructor(private readonly bus: MessageBus) {}

  /** The provider's models and one per assistant, as clients name them. */
  async list(tenant: TenantContext): Promise<ModelObject[]> {
    return (await this.bus.request(ListModels, {}, tenant)).map(modelObject);
  }

  /** @throws DomainError `model_not_found` */
  async get(tenant: TenantContext, id: string): Promise<ModelObject> {
    const model = (await this.list(tenant)).find((candidate) => candidate.id === id);
    if (!model) throw modelNotFound(id);
    return model;
  }
}
