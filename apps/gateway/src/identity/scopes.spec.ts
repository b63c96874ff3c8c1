import { describe, expect, it } from '@jest/globals';
import { type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { RequireScopes } from './require-scopes.decorator.js';
import { ScopesGuard } from './scopes.guard.js';
import { effectiveScopes, type Scope, SCOPES, scopesOfRole, USE_SCOPES } from './scopes.js';

@RequireScopes('admin')
class Routes {
  ofClass(): void {}

  @RequireScopes('files:read', 'chat:write')
  ofMethod(): void {}
}

class FreeRoutes {
  free(): void {}
}

function contextOf(target: object, handler: () => void, scopes: readonly Scope[] | null): ExecutionContext {
  const request = scopes === null ? {} : { principal: { scopes } };
  return {
    getClass: () => target,
    getHandler: () => handler,
    switchToHttp: () => ({ getRequest: () => request }),
  } as unknown as ExecutionContext;
}

describe('Scopes', () => {
  const guard = new ScopesGuard(new Reflector());
  const { ofClass, ofMethod } = Routes.prototype;

  it('let a credential in that has all that the route asks for', () => {
    expect(guard.canActivate(contextOf(Routes, ofMethod, ['files:read', 'chat:write', 'models:read']))).toBe(true);
    expect(guard.canActivate(contextOf(Routes, ofClass, ['admin']))).toBe(true);
    expect(guard.canActivate(contextOf(FreeRoutes, FreeRoutes.prototype.free, []))).toBe(true);
  });

  it('keep one out that lacks any, and name it', () => {
    expect(() => guard.canActivate(contextOf(Routes, ofMethod, ['files:read']))).toThrow(/chat:write/);
    expect(() => guard.canActivate(contextOf(Routes, ofMethod, ['admin']))).toThrow(/files:read, chat:write/);
    expect(() => guard.canActivate(contextOf(Routes, ofClass, USE_SCOPES))).toThrow(
      expect.objectContaining({ code: 'insufficient_scope' }),
    );
    expect(() => guard.canActivate(contextOf(Routes, ofClass, null))).toThrow();
  });

  it('of a key end where its owner’s role ends', () => {
    expect(scopesOfRole('admin')).toEqual(SCOPES);
    expect(effectiveScopes(['admin', 'chat:read', 'retired:scope'], 'member')).toEqual(['chat:read']);
    expect(effectiveScopes(['admin', 'chat:read'], 'admin')).toEqual(['chat:read', 'admin']);
  });
});
