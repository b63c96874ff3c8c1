import { ApiProperty } from '@nestjs/swagger';
import { formatId } from '@parley/contracts';
import { type ApiKeyEntity } from './api-key.entity.js';
import { type IssuedApiKey } from './api-keys.service.js';
import { type Scope, SCOPES } from './scopes.js';
import { secondsOf } from './user.view.js';

export class ApiKeyObject {
  @ApiProperty({ example: 'key_01978a3e5b7c7d3e9f1a2b3c4d5e6f70' })
  id!: string;

  @ApiProperty({ enum: ['api_key'] })
  object!: 'api_key';

  @ApiProperty()
  name!: string;

  @ApiProperty({ description: 'How the secret begins', example: 'pk_1f0c9a77' })
  prefix!: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes!: Scope[];

  @ApiProperty({ description: 'Whose key it is' })
  user_id!: string;

  @ApiProperty({ description: 'Unix seconds' })
  created_at!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix seconds; null is never' })
  expires_at!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix seconds, to the minute' })
  last_used_at!: number | null;
}

export class IssuedApiKeyObject extends ApiKeyObject {
  @ApiProperty({ description: 'Shown this once' })
  secret!: string;
}

export function apiKeyObject(key: ApiKeyEntity): ApiKeyObject {
  return {
    id: formatId('apiKey', key.id),
    object: 'api_key',
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    user_id: formatId('user', key.userId),
    created_at: secondsOf(key.createdAt),
    expires_at: key.expiresAt && secondsOf(key.expiresAt),
    last_used_at: key.lastUsedAt && secondsOf(key.lastUsedAt),
  };
}

export function issuedApiKeyObject({ key, secret }: IssuedApiKey): IssuedApiKeyObject {
  return { ...apiKeyObject(key), secret };
}
