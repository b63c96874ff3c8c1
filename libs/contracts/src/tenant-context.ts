export type Role = 'admin' | 'member';

export interface TenantContextFields {
  /** uuid */
  tenantId: string;
  /** uuid */
  userId: string;
  role: Role;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * On whose behalf work is done. A type, not a convention: every service and repository method takes one,
 * and the only ways to get one are authentication at the gateway and the headers of a message.
 */
export class TenantContext {
  private constructor(
    readonly tenantId: string,
    readonly userId: string,
    readonly role: Role,
  ) {}

  /** @throws TypeError when an id is not a uuid: a programming error or a forged message, never user input. */
  static of({ tenantId, userId, role }: TenantContextFields): TenantContext {
    if (!UUID.test(tenantId) || !UUID.test(userId)) throw new TypeError('A tenant context needs uuids.');
    if (role !== 'admin' && role !== 'member') throw new TypeError('A tenant context needs a role.');
    return new TenantContext(tenantId, userId, role);
  }

  toJSON(): TenantContextFields {
    return { tenantId: this.tenantId, userId: this.userId, role: this.role };
  }
}
