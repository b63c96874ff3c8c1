import { Readable } from 'node:stream';
import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type AudioFormat, TenantContext } from '@parley/contracts';
import { type FastifyReply } from 'fastify';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { clientGone } from '../runs/client-gone.js';
import { SpeechClient } from './speech.client.js';
import { SpeechBody, speechRequest } from './speech.request.js';

const MEDIA_TYPES: Record<AudioFormat, string> = {
  mp3: 'audio/mpeg',
  opus: 'audio/opus',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
};

@ApiTags('Audio')
@Controller('v1/audio/speech')
export class SpeechController {
  constructor(private readonly speech: SpeechClient) {}

  @Post()
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Read a text aloud', description: 'The audio is sent as it is made.' })
  @ApiProduces(...Object.values(MEDIA_TYPES))
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Body() body: SpeechBody,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const request = speechRequest(body);
    const audio = await this.speech.speak(tenant, request, clientGone(reply.raw));
    await reply.header('content-type', MEDIA_TYPES[request.format]).send(Readable.from(audio, { objectMode: false }));
  }
}
