import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited } from '../audit/audited.decorator.js';
import { CurrentPrincipal } from '../http/tenant.decorator.js';
import { type Principal } from '../identity/principal.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { FeatureNamePipe } from './feature-name.pipe.js';
import { DefineFlagBody, SetPercentageBody } from './feature-flags.request.js';
import { FeatureFlagsService } from './feature-flags.service.js';
import {
  FeatureFlagListObject,
  FeatureFlagObject,
  featureFlagObject,
  FlagChangeListObject,
  flagChangeObject,
} from './feature-flags.view.js';

const Feature = () => Param('feature', FeatureNamePipe);

@ApiTags('Feature flags')
@Controller('api/metrics/feature-flags')
@RequireScopes('admin')
export class FeatureFlagsController {
  constructor(private readonly flags: FeatureFlagsService) {}

  @Get()
  @ApiOperation({ summary: 'List feature flags', description: 'For administrators of the first tenant.' })
  @ApiOkResponse({ type: FeatureFlagListObject })
  async list(@CurrentPrincipal() principal: Principal): Promise<FeatureFlagListObject> {
    return { object: 'list', data: (await this.flags.list(principal)).map(featureFlagObject) };
  }

  @Post('rollout')
  @Audited('feature_flag.set')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Set the share of users for whom a feature is on',
    description:
      'Everywhere within two seconds. A greater share takes nobody out. A rollout that is under way ends. For ' +
      'administrators of the first tenant.',
  })
  @ApiOkResponse({ type: FeatureFlagObject })
  async set(
    @CurrentPrincipal() principal: Principal,
    @Body() { feature, percentage }: SetPercentageBody,
  ): Promise<FeatureFlagObject> {
    return featureFlagObject(await this.flags.set(principal, feature, percentage));
  }

  @Put(':feature')
  @Audited('feature_flag.define')
  @ApiOperation({
    summary: 'Define a flag that has another model answer for a share of the users',
    description: 'On for nobody at first. For administrators of the first tenant.',
  })
  @ApiOkResponse({ type: FeatureFlagObject })
  async define(
    @CurrentPrincipal() principal: Principal,
    @Feature() feature: string,
    @Body() { description, model, replacement }: DefineFlagBody,
  ): Promise<FeatureFlagObject> {
    return featureFlagObject(await this.flags.define(principal, { feature, description, model, replacement }));
  }

  @Delete(':feature')
  @Audited('feature_flag.delete')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a flag', description: 'What was done with it stays told.' })
  @ApiNoContentResponse()
  async remove(@CurrentPrincipal() principal: Principal, @Feature() feature: string): Promise<void> {
    await this.flags.remove(principal, feature);
  }

  @Get(':feature/changes')
  @ApiOperation({ summary: 'Who changed a flag, when and why', description: 'The newest first, 100 at most.' })
  @ApiOkResponse({ type: FlagChangeListObject })
  async changes(@CurrentPrincipal() principal: Principal, @Feature() feature: string): Promise<FlagChangeListObject> {
    return { object: 'list', data: (await this.flags.changes(principal, feature)).map(flagChangeObject) };
  }
}
