import { Injectable } from '@nestjs/common';
import { type Page, type PageRequest, type Role, type TenantContext } from '@parley/contracts';
import { v7 as uuidv7 } from 'uuid';
import { hashPassword } from './passwords.js';
import { type UserEntity } from './user.entity.js';
import { UsersRepository } from './users.repository.js';

@Injectable()
export class UsersService {
  constructor(private readonly users: UsersRepository) {}

  async create(tenant: TenantContext, email: string, password: string, role: Role): Promise<UserEntity> {
    return this.users.create(tenant, { id: uuidv7(), email, passwordHash: await hashPassword(password), role });
  }

  list(tenant: TenantContext, page: PageRequest): Promise<Page<UserEntity>> {
    return this.users.list(tenant, page);
  }
}
