import { Body, Controller, Get, HttpCode, Inject, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AcceptsForm } from '../http/body-rules.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { Public, SCOPES } from '../governance/access.js';
import { AccessTokenAnswer, OAuthErrorAnswer, ServerMetadataAnswer } from './oauth-answer.dto.js';
import { OAuthFilter } from './oauth-refusal.js';
import { TokenDesk } from './token-desk.js';

const CLIENT = { client_id: { type: 'string', description: 'The client\'s id; not with HTTP Basic.' }, client_secret: { type: 'string', description: 'One of its API keys; not with HTTP Basic.' } };
const AUTH_METHODS = ['client_secret_basic', 'client_secret_post'];

/** OAuth 2 for API clients: client credentials (RFC 6749 4.4), revocation (RFC 7009), metadata (RFC 8414). The clients show what they are themselves. */
@ApiTags('oauth2')
@Public()
@UseFilters(OAuthFilter)
@Controller()
export class OAuthController {
  constructor(
    private readonly desk: TokenDesk,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Post('oauth2/token')
  @HttpCode(200)
  @AcceptsForm()
  @ApiOperation({ operationId: 'issueAccessToken', summary: 'Get an access token', description: 'The client credentials grant (RFC 6749 4.4). `client_id` is the client\'s id, `client_secret` any of its API keys, by HTTP Basic or in the form. The token lasts 15 minutes and never longer than the key; it is sent as `Authorization: Bearer`, as the key itself may be.' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ schema: { type: 'object', required: ['grant_type'], properties: { grant_type: { type: 'string', enum: ['client_credentials'] }, scope: { type: 'string', description: `Some of the client's scopes, separated by spaces; all of them where it is left out. There are: ${SCOPES.join(', ')}.` }, ...CLIENT } } as never })
  @ApiResponse({ status: 200, description: 'The token', type: AccessTokenAnswer })
  @ApiResponse({ status: 400, description: 'A refusal of OAuth 2', type: OAuthErrorAnswer })
  @ApiResponse({ status: 401, description: 'The client is not known', type: OAuthErrorAnswer })
  token(@Body() body: Buffer | undefined, @Req() { headers }: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<AccessTokenAnswer> {
    void reply.header('pragma', 'no-cache');
    return this.desk.issue({ authorization: headers.authorization, body }, reply);
  }

  @Post('oauth2/revoke')
  @HttpCode(200)
  @AcceptsForm()
  @ApiOperation({ operationId: 'revokeAccessToken', summary: 'Revoke an access token', description: 'RFC 7009: of the client that shows itself, at once here and within five seconds on every other replica. A token that is not known is answered alike.' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ schema: { type: 'object', required: ['token'], properties: { token: { type: 'string' }, token_type_hint: { type: 'string', description: 'Not needed.' }, ...CLIENT } } as never })
  @ApiResponse({ status: 200, description: 'The token is good no longer' })
  @ApiResponse({ status: 400, description: 'A refusal of OAuth 2', type: OAuthErrorAnswer })
  @ApiResponse({ status: 401, description: 'The client is not known', type: OAuthErrorAnswer })
  async revoke(@Body() body: Buffer | undefined, @Req() { headers }: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    await this.desk.revoke({ authorization: headers.authorization, body }, reply);
  }

  @Get('.well-known/oauth-authorization-server')
  @ApiOperation({ operationId: 'readAuthorizationServer', summary: 'Where tokens are had', description: 'RFC 8414. Addresses begin with `CROSSDOCK_PUBLIC_URL`, or with the one that was asked.' })
  @ApiResponse({ status: 200, description: 'The metadata', type: ServerMetadataAnswer })
  metadata(@Req() request: FastifyRequest): ServerMetadataAnswer {
    const issuer = this.settings.publicUrl ?? `${request.protocol}://${request.host}`;
    return {
      issuer,
      token_endpoint: `${issuer}/oauth2/token`,
      revocation_endpoint: `${issuer}/oauth2/revoke`,
      token_endpoint_auth_methods_supported: AUTH_METHODS,
      revocation_endpoint_auth_methods_supported: AUTH_METHODS,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      scopes_supported: SCOPES,
      service_documentation: `${issuer}/docs`,
    };
  }
}
