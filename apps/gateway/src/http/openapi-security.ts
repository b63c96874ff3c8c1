import { type OpenAPIObject } from '@nestjs/swagger';
import { operationsOf } from './openapi-operations.js';

/** Set by `@Public()` and `@RequireScopes()`. */
export const PUBLIC_EXTENSION = 'x-parley-public';
export const SCOPES_EXTENSION = 'x-parley-scopes';

/** Each route needs one of the two credentials, unless it is public; the scopes are told in its description. */
export function documentSecurity(document: OpenAPIObject): void {
  for (const { operation } of operationsOf(document)) {
    operation.security = operation[PUBLIC_EXTENSION] ? [] : [{ bearer: [] }, { 'api-key': [] }];
    delete operation[PUBLIC_EXTENSION];
    const scopes = operation[SCOPES_EXTENSION];
    if (!Array.isArray(scopes)) continue;
    const needs = `Needs the scope ${scopes.map((scope) => `\`${scope}\``).join(', ')}.`;
    operation.description = operation.description ? `${operation.description} ${needs}` : needs;
  }
}
