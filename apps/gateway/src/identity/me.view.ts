import { ApiProperty } from '@nestjs/swagger';
import { formatId } from '@parley/contracts';
import { type Principal } from './principal.js';
import { type Scope, SCOPES } from './scopes.js';
import { UserObject, userObject } from './user.view.js';

/** The user behind a credential, and what the credential allows. */
export class MeObject extends UserObject {
  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes!: Scope[];

  @ApiProperty({ type: String, nullable: true, description: 'Null for an access token' })
  api_key_id!: string | null;
}

export function meObject(principal: Principal): MeObject {
  const { scopes, apiKeyId } = principal;
  return {
    ...userObject(principal),
    scopes: [...scopes],
    api_key_id: apiKeyId === null ? null : formatId('apiKey', apiKeyId),
  };
}
