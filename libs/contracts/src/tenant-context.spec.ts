import { describe, expect, it } from '@jest/globals';
import { TenantContext } from './tenant-context.js';

const UUID = '0192f0c1-2d3e-7a4b-8c5d-6e7f80910a1b';

describe('TenantContext', () => {
  it('survives the way through a message', () => {
    const tenant = TenantContext.of({ tenantId: UUID, userId: UUID, role: 'member' });
    expect(TenantContext.of(JSON.parse(JSON.stringify(tenant)))).toEqual(tenant);
  });

  it.each([
    { tenantId: '', userId: UUID, role: 'member' as const },
    { tenantId: `${UUID}' or true --`, userId: UUID, role: 'member' as const },
    { tenantId: UUID, userId: UUID, role: 'root' as never },
  ])('cannot be made of %j', (fields) => {
    expect(() => TenantContext.of(fields)).toThrow(TypeError);
  });
});
