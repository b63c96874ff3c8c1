import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { PUBLIC_EXTENSION, SCOPES_EXTENSION } from '../http/openapi-security.js';
import { type Scope } from './scopes.js';

export const REQUIRED_SCOPES = 'parley:required-scopes';
export const PUBLIC = 'parley:public';

/** The credential needs all of these scopes. On a method it replaces what the class says. */
export const RequireScopes = (...scopes: Scope[]) =>
  applyDecorators(SetMetadata(REQUIRED_SCOPES, scopes), ApiExtension(SCOPES_EXTENSION, scopes));

/** The route works without credentials. */
export const Public = () => applyDecorators(SetMetadata(PUBLIC, true), ApiExtension(PUBLIC_EXTENSION, true));
