import { type IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { ANY_ORIGIN, CorsConfig } from '../http/cors.config.js';
import { BearerAuthentication, credentialOf } from '../identity/bearer-authentication.js';
import { type Principal } from '../identity/principal.js';
import { RequestLimit } from '../rate-limit/request-limit.js';

/** What both sides speak; a browser's socket, which can send no header, offers its token beside it. */
export const PROTOCOL = 'parley.v1';
const TOKEN_PREFIX = 'parley.bearer.';

export interface Admitted {
  token: string | null;
  principal: Principal;
}

/** Who may open a socket: decided before there is one. */
@Injectable()
export class SocketAdmission {
  constructor(
    private readonly authentication: BearerAuthentication,
    private readonly limit: RequestLimit,
    private readonly cors: CorsConfig,
  ) {}

  /** @throws DomainError `missing_credentials`, `invalid_credentials`, `insufficient_scope`, `rate_limit_exceeded`, `invalid_request` */
  async admit({ headers }: Pick<IncomingMessage, 'headers'>): Promise<Admitted> {
    this.#checkOrigin(headers.origin);
    const token = credentialOf(headers) ?? tokenAmong(headers['sec-websocket-protocol']);
    const principal = await this.authentication.principalOf(token);
    if (!principal.scopes.includes('chat:read'))
      throw new DomainError('insufficient_scope', 'The credentials lack the scope chat:read.');
    await this.limit.consume(principal);
    return { token, principal };
  }

  /** Browsers send it with every socket, whatever page opened it; others need not. */
  #checkOrigin(origin: string | undefined): void {
    const { allowedOrigins } = this.cors;
    if (origin === undefined || allowedOrigins.includes(ANY_ORIGIN) || allowedOrigins.includes(origin)) return;
    throw new DomainError('insufficient_scope', 'Pages of this origin may not open a socket.');
  }
}

function tokenAmong(header: string | undefined): string | null {
  const offered = (header ?? '').split(',').map((protocol) => protocol.trim());
  const token = offered.find((protocol) => protocol.startsWith(TOKEN_PREFIX));
  if (token === undefined) return null;
  if (offered.includes(PROTOCOL)) return token.slice(TOKEN_PREFIX.length);
  // A browser gives a connection up whose server chooses none of the protocols, and the token is not to be sent back.
  throw new DomainError('invalid_request', `Offer the protocol ${PROTOCOL} beside the token.`, {
    param: 'Sec-WebSocket-Protocol',
  });
}
