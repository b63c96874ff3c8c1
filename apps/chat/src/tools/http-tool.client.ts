import { text } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import { EgressClient, EgressError } from '@parley/egress';
import { ToolFault } from './server-tool.js';
import { ToolsConfig } from './tools.config.js';

const MAX_BYTES = 512 * 1024;
const TEXTUAL = /^(text\/.*|application\/(.*\+)?(json|xml|yaml))$/;

/** Asks the hosts that tools may ask, and no others, wherever they redirect to. */
@Injectable()
export class HttpToolClient {
  constructor(
    private readonly egress: EgressClient,
    private readonly config: ToolsConfig,
  ) {}

  allows(host: string): boolean {
    const name = host.toLowerCase();
    return this.config.httpAllowedHosts.some((allowed) =>
      allowed.startsWith('*.') ? name.endsWith(allowed.slice(1).toLowerCase()) : name === allowed.toLowerCase(),
    );
  }

  /** The text that an address answers with. @throws ToolFault in words for the model; the signal's reason on abort */
  async get(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<string> {
    const deadline = AbortSignal.timeout(this.config.httpTimeoutMs);
    try {
      const response = await this.egress.get(url, {
        headers,
        maxBytes: MAX_BYTES,
        accepts: (mediaType) => mediaType === '' || TEXTUAL.test(mediaType),
        allowsHost: (host) => this.allows(host),
        signal: AbortSignal.any([signal, deadline]),
      });
      return await text(response.body);
    } catch (error) {
      signal.throwIfAborted();
      if (deadline.aborted) throw new ToolFault(`It did not answer within ${this.config.httpTimeoutMs / 1_000} s.`);
      throw error instanceof EgressError ? new ToolFault(error.message) : error;
    }
  }
}
