import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../access.js';
import { originOf } from '../session/request-origin.js';
import { NewSessionAnswer } from '../session/session-answer.dto.js';
import { cookieFor, removedCookie } from './browser-secret.js';
import { OidcSignIn } from './oidc-sign-in.js';

/** Signing in by an identity provider, in a browser. Where none is set up, both routes say so. */
@ApiTags('sessions')
@Public()
@Controller('admin/v1/oidc')
export class OidcController {
  constructor(private readonly signIn: OidcSignIn) {}

  @Get('login')
  @ApiOperation({ operationId: 'beginProviderSignIn', summary: 'Sign in by the identity provider', description: 'For a browser: leads to the provider, which leads back to `/admin/v1/oidc/callback` within ten minutes.' })
  @ApiResponse({ status: 302, description: 'To the provider, with a cookie that ties the sign-in to this browser' })
  async begin(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { url, secret } = await this.signIn.begin(request.ip);
    await reply.status(302).header('set-cookie', cookieFor(secret, this.signIn.secure)).header('location', url.href).send();
  }

  @Get('callback')
  @ApiOperation({ operationId: 'finishProviderSignIn', summary: 'Come back from the identity provider', description: 'Begins a session like any other. Works once, and in the browser alone that began.' })
  @ApiQuery({ name: 'state', required: false, schema: { type: 'string' } })
  @ApiQuery({ name: 'code', required: false, schema: { type: 'string' } })
  @ApiQuery({ name: 'error', required: false, schema: { type: 'string' } })
  @ApiResponse({ status: 200, description: 'The token to send as `Authorization: Bearer`', type: NewSessionAnswer })
  async finish(@Query('state') state: unknown, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<NewSessionAnswer> {
    // Handed on as it is: providers send more than is named above, and what matters of it is checked with the code.
    const query = request.url.replace(/^[^?]*\??/, '');
    const session = await this.signIn.finish({ query, state: typeof state === 'string' ? state : '', cookies: request.headers.cookie }, originOf(request));
    void reply.header('set-cookie', removedCookie(this.signIn.secure));
    return session;
  }
}
