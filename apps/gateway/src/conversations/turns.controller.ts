import { applyDecorators, Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type BranchPoint, TenantContext } from '@parley/contracts';
import { type FastifyReply } from 'fastify';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { clientGone } from '../runs/client-gone.js';
import { streamCompletion } from '../runs/completion-stream.js';
import { AnswerBody, EditMessageBody, SendMessageBody } from './conversation.request.js';
import { MessageObject, messageObject } from './message.view.js';
import { type Turn, TurnsService } from './turns.service.js';

const MessageId = () => Param('message_id', new PublicIdPipe('message'));
const ConversationId = () => Param('conversation_id', new PublicIdPipe('conversation'));

function AnswerRoute(path: string, summary: string, description: string) {
  return applyDecorators(
    Post(path),
    HttpCode(200),
    RequireScopes('chat:write'),
    Idempotent('run'),
    ApiOperation({
      summary,
      description: `${description} With \`stream: true\` the answer comes as the server-sent events of a chat completion, with its usage.`,
    }),
    ApiProduces('application/json', 'text/event-stream'),
    ApiOkResponse({ type: MessageObject }),
  );
}

/** What makes a conversation grow: each route answers with a new answer. */
@ApiTags('Conversations')
@Controller('api/v1/conversations/:conversation_id/messages')
export class TurnsController {
  constructor(private readonly turns: TurnsService) {}

  @AnswerRoute('', 'Send a message and get the answer', 'Behind any message: that makes a new branch.')
  async create(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() conversationId: string,
    @Body() body: SendMessageBody,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#answer(tenant, { conversationId, ...body }, reply);
  }

  @AnswerRoute(
    ':message_id/edit',
    'Say something else instead of a message, and get the answer',
    'The message stays as it is, in a branch of its own.',
  )
  async edit(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() conversationId: string,
    @MessageId() messageId: string,
    @Body() body: EditMessageBody,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#answer(tenant, { conversationId, ...body, branch: { kind: 'edit', messageId } }, reply);
  }

  @AnswerRoute(
    ':message_id/regenerate',
    'Get another answer',
    'Instead of this answer, which stays as it is in a branch of its own, or to this message of the user.',
  )
  async regenerate(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() conversationId: string,
    @MessageId() messageId: string,
    @Body() body: AnswerBody,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#answer(tenant, { conversationId, ...body, branch: { kind: 'regenerate', messageId } }, reply);
  }

  @AnswerRoute(
    ':message_id/continue',
    'Go on with an answer that broke off',
    'The answer is one more message beside it, which begins with its text.',
  )
  async continue(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() conversationId: string,
    @MessageId() messageId: string,
    @Body() body: AnswerBody,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#answer(tenant, { conversationId, ...body, branch: { kind: 'continue', messageId } }, reply);
  }

  async #answer(
    tenant: TenantContext,
    { stream, ...turn }: Turn & { branch?: BranchPoint },
    reply: FastifyReply,
  ): Promise<void> {
    const run = await this.turns.start(tenant, turn, clientGone(reply.raw));
    if (stream) await streamCompletion(reply, run, { includeUsage: true });
    else await reply.send(messageObject(await this.turns.answer(tenant, run, turn.conversationId)));
  }
}
