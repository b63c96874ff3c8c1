import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { AnonymousAccess } from './anonymous-access.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';
import { AuthController } from './auth.controller.js';
import { AuthenticationService } from './authentication.service.js';
import { BearerAuthentication } from './bearer-authentication.js';
import { CredentialsRepository } from './credentials.repository.js';
import { IdentityBootstrap } from './identity-bootstrap.service.js';
import { JwtGuard } from './jwt.guard.js';
import { JwtStrategy } from './jwt.strategy.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { SignInService } from './sign-in.service.js';
import { TenantsController } from './tenants.controller.js';
import { TenantsRepository } from './tenants.repository.js';
import { TenantsService } from './tenants.service.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

/** Who are you, and may you. */
@Module({
  imports: [JwtModule],
  controllers: [AuthController, ApiKeysController, UsersController, TenantsController],
  providers: [
    CredentialsRepository,
    TenantsRepository,
    UsersRepository,
    ApiKeysRepository,
    AuthenticationService,
    AnonymousAccess,
    BearerAuthentication,
    JwtStrategy,
    JwtGuard,
    SignInAttempts,
    SignInService,
    ApiKeysService,
    UsersService,
    TenantsService,
    IdentityBootstrap,
  ],
  exports: [AuthenticationService, AnonymousAccess, BearerAuthentication, JwtGuard, IdentityBootstrap],
})
export class IdentityModule {}
