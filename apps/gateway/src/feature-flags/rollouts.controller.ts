import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited } from '../audit/audited.decorator.js';
import { CurrentPrincipal } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { type Principal } from '../identity/principal.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { FeatureNamePipe } from './feature-name.pipe.js';
import { StartRolloutBody } from './rollouts.request.js';
import { RolloutsService } from './rollouts.service.js';
import { RolloutListObject, RolloutObject, rolloutObject } from './rollouts.view.js';

const Feature = () => Param('feature', FeatureNamePipe);

@ApiTags('Feature flags')
@Controller('api/metrics/feature-flags/:feature/rollouts')
@RequireScopes('admin')
export class RolloutsController {
  constructor(private readonly rollouts: RolloutsService) {}

  @Post()
  @Audited('rollout.start')
  @Idempotent()
  @ApiOperation({
    summary: 'Take a feature from some users to all, step by step and by itself',
    description:
      'A stage goes on when it was watched for its time, enough answers have ended and all of them passed the gates; ' +
      'when they fail the other gates, the feature is off for everybody at once. For administrators of the first tenant.',
  })
  @ApiCreatedResponse({ type: RolloutObject })
  async start(
    @CurrentPrincipal() principal: Principal,
    @Feature() feature: string,
    @Body() body: StartRolloutBody,
  ): Promise<RolloutObject> {
    return rolloutObject(await this.rollouts.start(principal, { feature, ...body.toPlan() }));
  }

  @Get()
  @ApiOperation({
    summary: 'List the rollouts of a feature',
    description: 'The newest first, 20 at most. `GET …/{feature}/changes` tells their steps with the reasons.',
  })
  @ApiOkResponse({ type: RolloutListObject })
  async list(@CurrentPrincipal() principal: Principal, @Feature() feature: string): Promise<RolloutListObject> {
    return { object: 'list', data: (await this.rollouts.list(principal, feature)).map(rolloutObject) };
  }

  @Post('stop')
  @Audited('rollout.stop')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop a rollout', description: 'The share of users stays as it is.' })
  @ApiOkResponse({ type: RolloutObject })
  async stop(@CurrentPrincipal() principal: Principal, @Feature() feature: string): Promise<RolloutObject> {
    return rolloutObject(await this.rollouts.stop(principal, feature));
  }
}
