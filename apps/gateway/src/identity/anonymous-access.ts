import { Injectable } from '@nestjs/common';
import { AuthConfig } from './auth.config.js';
import { AuthenticationService } from './authentication.service.js';
import { type Principal } from './principal.js';
import { USE_SCOPES } from './scopes.js';
import { TenantsRepository } from './tenants.repository.js';

/** REQUIRE_AUTHENTICATION=false, for trying things out: requests without credentials act as the first administrator. */
@Injectable()
export class AnonymousAccess {
  constructor(
    private readonly config: AuthConfig,
    private readonly tenants: TenantsRepository,
    private readonly authentication: AuthenticationService,
  ) {}

  /** Null when credentials are required. Administration always needs them. */
  async principal(): Promise<Principal | null> {
    if (this.config.requireAuthentication) return null;
    const admin = await this.tenants.findPlatformAdmin(this.config.bootstrapAdminEmail ?? '');
    return admin && { ...(await this.authentication.byUserId(admin.userId)), scopes: USE_SCOPES };
  }
}
