import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { OrphansObject, orphansObject } from './orphans.view.js';
import { StorageService } from './storage.service.js';

@ApiTags('Storage')
@Controller('api/v1/storage')
@RequireScopes('admin')
export class StorageController {
  constructor(private readonly storage: StorageService) {}

  @Get('orphans')
  @ApiOperation({
    summary: 'Count what is stored and belongs to nothing',
    description:
      "Of the caller's tenant, as it is now; nothing is removed. All zero means that whatever was deleted is gone. " +
      'A sweeper removes by and by what is found.',
  })
  @ApiOkResponse({ type: OrphansObject })
  async orphans(@CurrentTenant() tenant: TenantContext): Promise<OrphansObject> {
    return orphansObject(await this.storage.countOrphans(tenant));
  }
}
