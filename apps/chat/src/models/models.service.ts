import { Injectable } from '@nestjs/common';
import { type ModelView, type TenantContext } from '@parley/contracts';
import { ChatModels } from '@parley/llm';
import { AssistantsRepository } from '../assistants/assistants.repository.js';
import { ModelCatalog } from './model-catalog.js';

const MAX_ASSISTANTS = 1_000;
/** Providers do not tell when a model was made. */
const UNKNOWN_TIME = new Date(0).toISOString();

@Injectable()
export class ModelsService {
  constructor(
    private readonly catalog: ModelCatalog,
    private readonly models: ChatModels,
    private readonly assistants: AssistantsRepository,
  ) {}

  /** The models that clients may name, then the tenant's assistants, which can be used as models. */
  async list(tenant: TenantContext): Promise<ModelView[]> {
    const [models, assistants] = await Promise.all([
      this.catalog.list(),
      this.assistants.listNewest(tenant, MAX_ASSISTANTS),
    ]);
    return [
      ...models.map((id) => ({ id, assistant: false, ownedBy: this.#ownerOf(id), createdAt: UNKNOWN_TIME })),
      ...assistants.map(({ id, createdAt }) => ({
        id,
        assistant: true,
        ownedBy: 'parley',
        createdAt: createdAt.toISOString(),
      })),
    ];
  }

  /** Who is asked first. */
  #ownerOf(model: string): string {
    return this.models.targetsOf(model)[0]!.provider;
  }
}
