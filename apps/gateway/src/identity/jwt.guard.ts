import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { DomainError } from '@parley/contracts';
import { invalidCredentials } from './authentication.service.js';

/** Passport's guard, with our errors. */
@Injectable()
export class JwtGuard extends AuthGuard('jwt') {
  override handleRequest<T>(error: unknown, principal: T | false): T {
    if (error instanceof DomainError) throw error;
    if (error) throw error instanceof Error ? error : invalidCredentials();
    if (!principal) throw invalidCredentials();
    return principal;
  }

  override getAuthenticateOptions(): { session: boolean; property: string } {
    return { session: false, property: 'principal' };
  }
}
