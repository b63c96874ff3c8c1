import { Injectable } from '@nestjs/common';
import { type Role } from '@parley/contracts';
import { Database } from '@parley/persistence';

export interface PrincipalRow {
  user_id: string;
  tenant_id: string;
  email: string;
  role: Role;
  is_platform: boolean;
}

export interface ApiKeyPrincipalRow extends PrincipalRow {
  key_id: string;
  scopes: string[];
  expires_at: Date | null;
}

/** Look-ups before the tenant is known, through functions that return nothing else. Disabled users are not found. */
@Injectable()
export class CredentialsRepository {
  constructor(private readonly database: Database) {}

  findSignIn(email: string): Promise<{ user_id: string; password_hash: string } | null> {
    return this.#first('select * from identity.find_sign_in($1)', [email]);
  }

  findPrincipal(userId: string): Promise<PrincipalRow | null> {
    return this.#first('select * from identity.find_principal($1)', [userId]);
  }

  /** Also notes the use of the key, at most once a minute. */
  authenticateApiKey(secretHash: Buffer): Promise<ApiKeyPrincipalRow | null> {
    return this.#first('select * from identity.authenticate_api_key($1)', [secretHash]);
  }

  #first<T>(sql: string, parameters: unknown[]): Promise<T | null> {
    return this.database.withoutTenant(async (tx) => {
      const [row] = await tx.query<T[]>(sql, parameters);
      return row ?? null;
    });
  }
}
