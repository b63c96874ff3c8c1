import { Controller, Get, HttpException } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireScopes } from '../identity/require-scopes.decorator.js';

const UPGRADE_REQUIRED = 426;

/** What is no WebSocket: those never come to a route. */
@ApiTags('Chat')
@Controller('ws')
export class SocketsController {
  @Get()
  @RequireScopes('chat:read')
  @ApiOperation({
    summary: 'Open a WebSocket',
    description: 'Several runs on one socket, with the chunks of chat completions. See docs/websocket.md.',
  })
  @ApiResponse({ status: 101, description: 'The connection is a WebSocket from here on' })
  open(): never {
    throw new HttpException('Connect with a WebSocket.', UPGRADE_REQUIRED);
  }
}
