import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { type FastifyReply } from 'fastify';
import { searchFaultAsSent } from '../completions/file-search-tool.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { clientGone } from '../runs/client-gone.js';
import { StoppedUiChat, StopUiChatBody, UiChatBody } from './ui-chat.request.js';
import { UiChatService } from './ui-chat.service.js';
import { streamUiMessage } from './ui-message-stream.js';

/** What the AI SDK's `useChat` talks to: `new DefaultChatTransport({ api: '…/api/v1/chat' })`. */
@ApiTags('Chat')
@Controller('api/v1/chat')
export class UiChatController {
  constructor(private readonly chats: UiChatService) {}

  @Post()
  @Idempotent('run')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({
    summary: 'Say something in a chat of the AI SDK',
    description:
      "Answers with the AI SDK's UI message stream. The chat is a conversation of the one whose credentials are sent: the " +
      'same id goes on with it.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ description: 'A UI message stream, version 1' })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Body() body: UiChatBody,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    try {
      const { run, told } = await this.chats.start(tenant, body, clientGone(reply.raw));
      await streamUiMessage(reply, run, told);
    } catch (error) {
      throw searchFaultAsSent(error, body.tools);
    }
  }

  @Get(':chat_id/stream')
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'Hear the answer that is being written in a chat', description: 'From its beginning.' })
  @ApiProduces('text/event-stream')
  @ApiNoContentResponse({ description: 'Nothing is being written' })
  async resume(
    @CurrentTenant() tenant: TenantContext,
    @Param('chat_id') chatId: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const heard = await this.chats.resume(tenant, chatId, clientGone(reply.raw));
    if (heard) await streamUiMessage(reply, heard.run, heard.told);
    else await reply.code(204).send();
  }

  @Post(':chat_id/stop')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({
    summary: 'Stop the answer that is being written in a chat',
    description: 'Keeps what it has written. Leaving the stream does not stop it.',
  })
  @ApiOkResponse({ type: StoppedUiChat })
  async stop(
    @CurrentTenant() tenant: TenantContext,
    @Param('chat_id') chatId: string,
    @Body() { activeStreamId = null }: StopUiChatBody,
  ): Promise<StoppedUiChat> {
    const run = await this.chats.stop(tenant, chatId, activeStreamId);
    return { success: true, run_id: run && formatId('run', run.id) };
  }
}
