import { Body, Controller, Delete, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited } from '../audit/audited.decorator.js';
import { CurrentPrincipal } from '../http/tenant.decorator.js';
import { type Principal } from '../identity/principal.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { SetLogLevelBody } from './log-level.request.js';
import { LogLevelService } from './log-level.service.js';
import { LogLevelObject, logLevelObject } from './log-level.view.js';

@ApiTags('Log level')
@Controller('api/v1/log-level')
@RequireScopes('admin')
export class LogLevelController {
  constructor(private readonly levels: LogLevelService) {}

  @Get()
  @ApiOperation({ summary: 'How much the log tells', description: 'For administrators of the first tenant.' })
  @ApiOkResponse({ type: LogLevelObject })
  get(@CurrentPrincipal() principal: Principal): LogLevelObject {
    return logLevelObject(this.levels.get(principal));
  }

  @Put()
  @Audited('log_level.set')
  @ApiOperation({
    summary: 'Let the log of every process tell more or less, for a while',
    description: 'Everywhere within two seconds, and told in every log. For administrators of the first tenant.',
  })
  @ApiOkResponse({ type: LogLevelObject })
  set(
    @CurrentPrincipal() principal: Principal,
    @Body() { level, expires_in_seconds }: SetLogLevelBody,
  ): LogLevelObject {
    return logLevelObject(this.levels.set(principal, level, expires_in_seconds * 1_000));
  }

  @Delete()
  @Audited('log_level.reset')
  @ApiOperation({ summary: 'Go back to the configured level', description: 'For administrators of the first tenant.' })
  @ApiOkResponse({ type: LogLevelObject })
  reset(@CurrentPrincipal() principal: Principal): LogLevelObject {
    return logLevelObject(this.levels.reset(principal));
  }
}
