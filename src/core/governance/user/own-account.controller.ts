import { Body, Controller, Get, HttpCode, Post, Put, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CurrentUser, Public, RequireRole, type UserCaller } from '../access.js';
import { originOf } from '../session/request-origin.js';
import { NewSessionAnswer } from '../session/session-answer.dto.js';
import { Invitations } from './invitations.js';
import { OwnAccount } from './own-account.js';
import { OwnAccountAnswer } from './user-answer.dto.js';
import { AcceptInvitationDto, ChangePasswordDto } from './user.dto.js';
import { Users } from './users.js';

/** What people do with their own account, from the invitation on. */
@ApiTags('account')
@Controller('admin/v1')
export class OwnAccountController {
  constructor(
    private readonly users: Users,
    private readonly account: OwnAccount,
    private readonly invitations: Invitations,
  ) {}

  @Post('invitations/accept')
  @HttpCode(201)
  @Public()
  @ApiOperation({ operationId: 'acceptInvitation', summary: 'Accept an invitation', description: 'Sets the password and begins a session. Works once.' })
  @ApiResponse({ status: 201, description: 'The token to send as `Authorization: Bearer`', type: NewSessionAnswer })
  accept(@Body() body: AcceptInvitationDto, @Req() request: FastifyRequest): Promise<NewSessionAnswer> {
    return this.invitations.accept(body.token, body.password, originOf(request));
  }

  @Get('me')
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'readOwnAccount', summary: 'Who you are, and in which role' })
  @ApiResponse({ status: 200, description: 'Your account', type: OwnAccountAnswer })
  async me(@CurrentUser() user: UserCaller): Promise<OwnAccountAnswer> {
    return { ...(await this.users.get(user.userId)), sessionId: user.sessionId };
  }

  @Put('me/password')
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'changeOwnPassword', summary: 'Change your password', description: 'Your other sessions end; this one goes on under the new token of the answer.' })
  @ApiResponse({ status: 200, description: 'The session\'s new token', type: NewSessionAnswer })
  changePassword(@CurrentUser() user: UserCaller, @Body() body: ChangePasswordDto): Promise<NewSessionAnswer> {
    return this.account.changePassword(user, body.currentPassword, body.newPassword);
  }
}
