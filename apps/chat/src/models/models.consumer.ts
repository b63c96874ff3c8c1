import { Controller } from '@nestjs/common';
import { ListModels, type ListModelsRequest, type ModelView } from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { ModelsService } from './models.service.js';

@Controller()
export class ModelsConsumer {
  constructor(private readonly models: ModelsService) {}

  @HandleRpc(ListModels)
  list(_request: ListModelsRequest, { tenant }: MessageContext): Promise<ModelView[]> {
    return this.models.list(tenant);
  }
}
