import { ApiProperty } from '@nestjs/swagger';
import { type SignedIn } from './sign-in.service.js';
import { UserObject, userObject } from './user.view.js';

/** As OAuth 2 answers a token request (RFC 6749 §5.1), and who it is for. */
export class AccessTokenObject {
  @ApiProperty()
  access_token!: string;

  @ApiProperty({ enum: ['Bearer'] })
  token_type!: 'Bearer';

  @ApiProperty({ description: 'Seconds' })
  expires_in!: number;

  @ApiProperty()
  user!: UserObject;
}

export function accessTokenObject({ accessToken, expiresInSeconds, principal }: SignedIn): AccessTokenObject {
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
    user: userObject(principal),
  };
}
