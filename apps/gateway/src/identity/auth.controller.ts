import { Body, Controller, Get, Header, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../http/tenant.decorator.js';
import { SignInRequest } from './identity.requests.js';
import { MeObject, meObject } from './me.view.js';
import { type Principal } from './principal.js';
import { Public } from './require-scopes.decorator.js';
import { SignInService } from './sign-in.service.js';
import { AccessTokenObject, accessTokenObject } from './sign-in.view.js';

@ApiTags('Authentication')
@Controller('api/v1/auth')
export class AuthController {
  constructor(private readonly signIn: SignInService) {}

  @Post('login')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Sign in', description: 'Answers with a short-lived access token.' })
  @ApiOkResponse({ type: AccessTokenObject })
  async login(@Body() { email, password }: SignInRequest, @Ip() ip: string): Promise<AccessTokenObject> {
    return accessTokenObject(await this.signIn.signIn(email, password, ip));
  }

  @Get('me')
  @ApiOperation({ summary: 'Who the credentials belong to' })
  @ApiOkResponse({ type: MeObject })
  me(@CurrentPrincipal() principal: Principal): MeObject {
    return meObject(principal);
  }
}
