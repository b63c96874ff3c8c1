import { ApiProperty } from '@nestjs/swagger';
import { formatId, type Role } from '@parley/contracts';
import { type Principal } from './principal.js';
import { type UserEntity } from './user.entity.js';

export class UserObject {
  @ApiProperty({ example: 'user_01978a3e5b7c7d3e9f1a2b3c4d5e6f70' })
  id!: string;

  @ApiProperty({ enum: ['user'] })
  object!: 'user';

  @ApiProperty()
  email!: string;

  @ApiProperty({ enum: ['admin', 'member'] })
  role!: Role;

  @ApiProperty()
  tenant_id!: string;
}

/** A user in a list of users. */
export class ListedUserObject extends UserObject {
  @ApiProperty({ description: 'Unix seconds' })
  created_at!: number;

  @ApiProperty()
  disabled!: boolean;
}

export function userObject({ tenant, email }: Pick<Principal, 'tenant' | 'email'>): UserObject {
  return {
    id: formatId('user', tenant.userId),
    object: 'user',
    email,
    role: tenant.role,
    tenant_id: formatId('tenant', tenant.tenantId),
  };
}

export function listedUserObject(user: UserEntity): ListedUserObject {
  return {
    id: formatId('user', user.id),
    object: 'user',
    email: user.email,
    role: user.role,
    tenant_id: formatId('tenant', user.tenantId),
    created_at: secondsOf(user.createdAt),
    disabled: user.disabledAt !== null,
  };
}

export function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}
