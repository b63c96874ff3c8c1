import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { TenantContext, variantOf } from '@parley/contracts';
import { IsBoolean, IsOptional, IsString, Length, MinLength } from 'class-validator';
import { type FastifyReply } from 'fastify';
import { FeatureFlags } from '../feature-flags/feature-flags.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { clientGone } from '../runs/client-gone.js';
import { SpeechClient } from '../speech/speech.client.js';
import { SessionsService } from './sessions.service.js';
import { SpokenAnswer } from './spoken-answer.js';
import { streamQuery } from './query-stream.js';

export class StreamingQueryBody {
  @ApiProperty({ minLength: 1 })
  @IsString()
  @MinLength(1)
  query!: string;

  @ApiProperty({ description: "An assistant's id, a model, or `default`" })
  @IsString()
  @Length(1, 256)
  chatbotId!: string;

  @ApiProperty({ description: 'Any id; the same one goes on with the same conversation' })
  @IsString()
  @Length(1, 256)
  sessionId!: string;

  @ApiPropertyOptional({ type: Boolean, nullable: true, description: 'Reads the answer aloud, a sentence at a time' })
  @IsOptional()
  @IsBoolean()
  enableTTS?: boolean | null;
}

@ApiTags('Chat')
@Controller('api/chat/query/stream')
export class StreamingQueryController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly speech: SpeechClient,
    private readonly flags: FeatureFlags,
  ) {}

  @Post()
  @Idempotent('run')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({
    summary: 'Ask in a session, and hear the answer as it is written',
    description:
      'Events are JSON with a `type`: `start`, `text`, `audio` (mp3 in base64, with the sentence it reads), then `done` ' +
      'or `error`. The id of a text is what `GET /api/v1/runs/{runId}/events` goes on from. Where the feature flag `streaming` ' +
      'is off, the answer is one text.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ description: 'Server-sent events' })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Body() { query: content, chatbotId: model, sessionId, enableTTS }: StreamingQueryBody,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const left = clientGone(reply.raw);
    const isStreamed = await this.flags.isOn(tenant, 'streaming');
    const variants = [variantOf('streaming', isStreamed)];
    const turn = { sessionId, endUserId: null, content, param: 'query', model, variants };
    const run = await this.sessions.start(tenant, turn, left);
    const speak = (text: string) => this.speech.speak(tenant, { text, format: 'mp3' }, left);
    const voice = enableTTS ? new SpokenAnswer(speak) : null;
    await streamQuery(reply, run, { sessionId, voice, isStreamed });
  }
}
