import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  DiscardDeadLetters,
  formatId,
  GetDeadLetter,
  ListDeadLetters,
  ReplayDeadLetters,
  TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import {
  DeadLetterDetailsObject,
  deadLetterDetailsObject,
  DeadLetterObject,
  deadLetterObject,
  SettledDeadLetters,
  settledDeadLetters,
} from './dead-letter.view.js';
import {
  deadLetterSelection,
  DeadLettersQuery,
  inKnowledgeBase,
  SettleDeadLettersBody,
} from './ingestion-job.request.js';

const JobId = () => Param('job_id', new PublicIdPipe('ingestionJob'));

@ApiTags('Dead letters')
@Controller('api/v1/dead-letters')
@RequireScopes('admin')
export class DeadLettersController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @ApiOperation({ summary: 'List dead letters', description: 'Failed ingestion jobs of your tenant, latest first.' })
  @ApiListResponse(DeadLetterObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @Query() query: DeadLettersQuery,
  ): Promise<ListObject<DeadLetterObject>> {
    const request = {
      ...pageFields(query, 'ingestionJob'),
      ...(query.code ? { code: query.code } : {}),
      ...inKnowledgeBase(query.vector_store_id),
    };
    return listObject(await this.bus.request(ListDeadLetters, request, tenant), deadLetterObject);
  }

  @Post('replay')
  @Idempotent()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Replay dead letters',
    description: 'The oldest first, as many as `limit` says; they wait for their turn like all others.',
  })
  @ApiOkResponse({ type: SettledDeadLetters })
  async replayMany(
    @CurrentTenant() tenant: TenantContext,
    @Body() body: SettleDeadLettersBody,
  ): Promise<SettledDeadLetters> {
    return settledDeadLetters(await this.bus.request(ReplayDeadLetters, deadLetterSelection(body), tenant));
  }

  @Post('discard')
  @HttpCode(200)
  @ApiOperation({ summary: 'Discard dead letters', description: 'Their documents stay as they are: failed.' })
  @ApiOkResponse({ type: SettledDeadLetters })
  async discardMany(
    @CurrentTenant() tenant: TenantContext,
    @Body() body: SettleDeadLettersBody,
  ): Promise<SettledDeadLetters> {
    return settledDeadLetters(await this.bus.request(DiscardDeadLetters, deadLetterSelection(body), tenant));
  }

  @Get(':job_id')
  @ApiOperation({ summary: 'Inspect a dead letter', description: 'With what became of each attempt.' })
  @ApiOkResponse({ type: DeadLetterDetailsObject })
  async get(@CurrentTenant() tenant: TenantContext, @JobId() id: string): Promise<DeadLetterDetailsObject> {
    return deadLetterDetailsObject(await this.bus.request(GetDeadLetter, { id }, tenant));
  }

  @Post(':job_id/replay')
  @Idempotent()
  @HttpCode(200)
  @ApiOperation({ summary: 'Replay a dead letter', description: 'Once: a second request changes nothing.' })
  @ApiOkResponse({ type: SettledDeadLetters })
  async replay(@CurrentTenant() tenant: TenantContext, @JobId() id: string): Promise<SettledDeadLetters> {
    return settledDeadLetters(await this.bus.request(ReplayDeadLetters, { ids: [id], limit: 1 }, tenant));
  }

  @Delete(':job_id')
  @ApiOperation({ summary: 'Discard a dead letter', description: 'Its document stays as it is: failed.' })
  @ApiOkResponse({ type: DeletedObject })
  async discard(@CurrentTenant() tenant: TenantContext, @JobId() id: string): Promise<DeletedObject> {
    await this.bus.request(GetDeadLetter, { id }, tenant);
    await this.bus.request(DiscardDeadLetters, { ids: [id], limit: 1 }, tenant);
    return deletedObject('dead_letter.discarded', formatId('ingestionJob', id));
  }
}
