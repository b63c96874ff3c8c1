import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passportJwt from 'passport-jwt';
import { ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_ISSUER, type AccessTokenClaims } from './access-token.js';
import { AuthConfig } from './auth.config.js';
import { AuthenticationService } from './authentication.service.js';
import { type Principal } from './principal.js';

/** Checks signature, issuer, audience and expiry, and that the user is still there: a token outlives neither. */
@Injectable()
export class JwtStrategy extends PassportStrategy(passportJwt.Strategy, 'jwt') {
  constructor(
    config: AuthConfig,
    private readonly authentication: AuthenticationService,
  ) {
    super({
      jwtFromRequest: passportJwt.ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: config.jwtSecret,
      algorithms: [config.jwtAlgorithm],
      issuer: ACCESS_TOKEN_ISSUER,
      audience: ACCESS_TOKEN_AUDIENCE,
    });
  }

  validate({ sub }: AccessTokenClaims): Promise<Principal> {
    return this.authentication.byUserId(sub);
  }
}
