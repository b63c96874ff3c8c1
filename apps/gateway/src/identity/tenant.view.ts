import { ApiProperty } from '@nestjs/swagger';
import { formatId } from '@parley/contracts';
import { IssuedApiKeyObject, issuedApiKeyObject } from './api-key.view.js';
import { type TenantEntity } from './tenant.entity.js';
import { type CreatedTenant } from './tenants.repository.js';
import { ListedUserObject, listedUserObject, secondsOf } from './user.view.js';

export class TenantObject {
  @ApiProperty({ example: 'tenant_01978a3e5b7c7d3e9f1a2b3c4d5e6f70' })
  id!: string;

  @ApiProperty({ enum: ['tenant'] })
  object!: 'tenant';

  @ApiProperty()
  name!: string;

  @ApiProperty({ description: 'Unix seconds' })
  created_at!: number;
}

export class CreatedTenantObject extends TenantObject {
  @ApiProperty()
  admin!: ListedUserObject;

  @ApiProperty()
  api_key!: IssuedApiKeyObject;
}

export function tenantObject({ id, name, createdAt }: TenantEntity): TenantObject {
  return { id: formatId('tenant', id), object: 'tenant', name, created_at: secondsOf(createdAt) };
}

export function createdTenantObject(created: CreatedTenant & { secret: string }): CreatedTenantObject {
  return {
    ...tenantObject(created.tenant),
    admin: listedUserObject(created.admin),
    api_key: issuedApiKeyObject({ key: created.apiKey, secret: created.secret }),
  };
}
