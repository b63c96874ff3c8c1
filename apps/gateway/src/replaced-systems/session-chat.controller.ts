import { Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { DomainError, formatId, TenantContext } from '@parley/contracts';
import { IsOptional, IsString, Length, MinLength } from 'class-validator';
import { type FastifyReply } from 'fastify';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { newId } from '../idempotency/idempotency-scope.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { FileCitationObject, fileCitationObject } from '../runs/annotation.view.js';
import { collectAnswer } from '../runs/answer.js';
import { clientGone } from '../runs/client-gone.js';
import { SessionsService } from './sessions.service.js';

/** A metadata value's bound. */
const MAX_ID_LENGTH = 256;

export class SessionChatBody {
  @ApiProperty({ minLength: 1 })
  @IsString()
  @MinLength(1)
  message!: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: "An assistant's id or a model; default: the default",
  })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  model?: string | null;
}

export class SessionChatObject {
  @ApiProperty()
  response!: string;

  @ApiProperty({ description: 'As the header names it, or a new one' })
  session_id!: string;

  @ApiProperty({ example: 'conv_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  conversation_id!: string;

  @ApiProperty({ example: 'msg_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  message_id!: string;

  @ApiProperty({ type: [FileCitationObject] })
  citations!: FileCitationObject[];
}

/** A question and its answer, in a session that a header names. */
@ApiTags('Chat')
@Controller('api/chat')
export class SessionChatController {
  constructor(private readonly sessions: SessionsService) {}

  @Post()
  @Idempotent('run')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({
    summary: 'Say something in a session, and get the answer',
    description: 'The session is a conversation of the one whose credentials are sent; `X-User-ID` has sessions apart.',
  })
  @ApiHeader({
    name: 'X-Session-ID',
    required: false,
    description: 'Any id of up to 256 characters; default: a new one',
  })
  @ApiHeader({ name: 'X-User-ID', required: false, description: "The client's id of its user" })
  @ApiOkResponse({ type: SessionChatObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Headers('x-session-id') session: string | undefined,
    @Headers('x-user-id') user: string | undefined,
    @Body() { message: content, model = null }: SessionChatBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionChatObject> {
    const sessionId = checkedId(session, 'X-Session-ID') ?? newId();
    const endUserId = checkedId(user, 'X-User-ID');
    const turn = { sessionId, endUserId, content, param: 'message', model };
    const run = await this.sessions.start(tenant, turn, clientGone(reply.raw));
    const { text, annotations } = await collectAnswer(run.events);
    return {
      response: text,
      session_id: sessionId,
      conversation_id: formatId('conversation', run.conversationId!),
      message_id: formatId('message', run.messageId!),
      citations: annotations.map(fileCitationObject),
    };
  }
}

function checkedId(id: string | undefined, param: string): string | null {
  const text = id?.trim() ?? '';
  if (text.length <= MAX_ID_LENGTH) return text === '' ? null : text;
  throw new DomainError('invalid_request', `${param} can have at most ${MAX_ID_LENGTH} characters.`, { param });
}
