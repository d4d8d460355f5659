import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { HubError } from '../../errors/index.js';
import { CurrentUser, Public, RequireRole, type UserCaller } from '../access.js';
import { isUuid } from '../uuid.js';
import { originOf } from './request-origin.js';
import { NewSessionAnswer, SessionsAnswer } from './session-answer.dto.js';
import { BeginSessionDto, EndSessionsQuery } from './session.dto.js';
import { Sessions } from './sessions.js';
import { SignIn } from './sign-in.js';

/** A user's own sessions; nobody reaches another's here. */
@ApiTags('sessions')
@Controller('admin/v1/sessions')
export class SessionController {
  constructor(
    private readonly sessions: Sessions,
    private readonly signIn: SignIn,
  ) {}

  @Post()
  @Public()
  @ApiOperation({ operationId: 'beginSession', summary: 'Begin a session', description: 'Ends 12 hours later, or 2 hours after its last use. Tries are limited per account and address.' })
  @ApiResponse({ status: 201, description: 'The token to send as `Authorization: Bearer`', type: NewSessionAnswer })
  begin(@Body() body: BeginSessionDto, @Req() request: FastifyRequest): Promise<NewSessionAnswer> {
    return this.signIn.withPassword(body.email, body.password, originOf(request));
  }

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'listSessions', summary: 'List your sessions' })
  @ApiResponse({ status: 200, description: 'Those that have not ended', type: SessionsAnswer })
  async list(@CurrentUser() user: UserCaller): Promise<SessionsAnswer> {
    return { items: await this.sessions.list(user.userId, user.sessionId) };
  }

  @Delete()
  @RequireRole('viewer')
  @HttpCode(204)
  @ApiOperation({ operationId: 'endSessions', summary: 'End all your sessions' })
  @ApiResponse({ status: 204, description: 'They have ended' })
  async endAll(@CurrentUser() user: UserCaller, @Query() query: EndSessionsQuery): Promise<void> {
    await this.sessions.endAll(user.userId, query.keepCurrent ? user.sessionId : undefined);
  }

  @Post('current/rotate')
  @RequireRole('viewer')
  @HttpCode(200)
  @ApiOperation({ operationId: 'rotateSession', summary: 'Give this session a new token', description: 'The token before is good no longer. The session ends when it would have ended.' })
  @ApiResponse({ status: 200, description: 'The new token', type: NewSessionAnswer })
  rotate(@CurrentUser() user: UserCaller): Promise<NewSessionAnswer> {
    return this.sessions.rotate(user.sessionId);
  }

  @Delete('current')
  @RequireRole('viewer')
  @HttpCode(204)
  @ApiOperation({ operationId: 'endSession', summary: 'End this session' })
  @ApiResponse({ status: 204, description: 'The session has ended' })
  async endCurrent(@CurrentUser() user: UserCaller): Promise<void> {
    await this.sessions.end(user.userId, user.sessionId);
  }

  @Delete(':id')
  @RequireRole('viewer')
  @HttpCode(204)
  @ApiOperation({ operationId: 'endSessionById', summary: 'End one of your sessions' })
  @ApiResponse({ status: 204, description: 'The session has ended' })
  async end(@CurrentUser() user: UserCaller, @Param('id') id: string): Promise<void> {
    const ended = isUuid(id) && (await this.sessions.end(user.userId, id));
    if (!ended) throw new HubError('NOT_FOUND', { detail: 'You have no such session.' });
  }
}
