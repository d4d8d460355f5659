import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../access.js';
import { SessionsAnswer } from '../session/session-answer.dto.js';
import { Sessions } from '../session/sessions.js';
import { ManageUsers } from './manage-users.js';
import { InvitationAnswer, NewUserAnswer, UserAnswer, UserPageAnswer } from './user-answer.dto.js';
import { ChangeUserDto, CreateUserDto, ListUsersQuery } from './user.dto.js';
import { Users } from './users.js';

const KEEPS_AN_ADMIN = 'Refused with `LAST_ADMIN` where no admin would be left who can sign in.';

@ApiTags('users')
@RequireRole('admin')
@Controller('admin/v1/users')
export class UserController {
  constructor(
    private readonly users: Users,
    private readonly manage: ManageUsers,
    private readonly sessions: Sessions,
  ) {}

  @Post()
  @ApiOperation({ operationId: 'createUser', summary: 'Invite a user', description: 'The answer has a one-time invitation, good for seven days, by which the user sets the password. Nobody else ever knows it.' })
  @ApiResponse({ status: 201, description: 'The user and the invitation', type: NewUserAnswer })
  create(@Body() body: CreateUserDto): Promise<NewUserAnswer> {
    return this.manage.create(body.email, body.name ?? null, body.role);
  }

  @Get()
  @ApiOperation({ operationId: 'listUsers', summary: 'List users', description: 'In order of their e-mail addresses.' })
  @ApiResponse({ status: 200, description: 'A page of users', type: UserPageAnswer })
  list(@Query() query: ListUsersQuery): Promise<UserPageAnswer> {
    return this.users.list(query);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'readUser', summary: 'Read a user' })
  @ApiResponse({ status: 200, description: 'The user', type: UserAnswer })
  get(@Param('id') id: string): Promise<UserAnswer> {
    return this.users.get(id);
  }

  @Patch(':id')
  @ApiOperation({ operationId: 'changeUser', summary: 'Change a user\'s role, name or e-mail address', description: `Live sessions go on under the new role from the next request. ${KEEPS_AN_ADMIN}` })
  @ApiResponse({ status: 200, description: 'The changed user', type: UserAnswer })
  change(@Param('id') id: string, @Body() body: ChangeUserDto): Promise<UserAnswer> {
    return this.manage.change(id, body);
  }

  @Post(':id/disable')
  @HttpCode(200)
  @ApiOperation({ operationId: 'disableUser', summary: 'Disable a user', description: `Sessions and invitation end at once; nobody signs in as this user. ${KEEPS_AN_ADMIN}` })
  @ApiResponse({ status: 200, description: 'The user', type: UserAnswer })
  disable(@Param('id') id: string): Promise<UserAnswer> {
    return this.manage.disable(id);
  }

  @Post(':id/enable')
  @HttpCode(200)
  @ApiOperation({ operationId: 'enableUser', summary: 'Enable a user again', description: 'With the password as it was; sessions that were ended stay ended.' })
  @ApiResponse({ status: 200, description: 'The user', type: UserAnswer })
  enable(@Param('id') id: string): Promise<UserAnswer> {
    return this.manage.enable(id);
  }

  @Post(':id/reset')
  @HttpCode(200)
  @ApiOperation({ operationId: 'resetUser', summary: 'Reset a user\'s password', description: `The password and all sessions end at once; the answer has a new invitation, in place of one before. A link to an identity provider stays. ${KEEPS_AN_ADMIN}` })
  @ApiResponse({ status: 200, description: 'The invitation', type: InvitationAnswer })
  reset(@Param('id') id: string): Promise<InvitationAnswer> {
    return this.manage.reset(id);
  }

  @Delete(':id/identity')
  @ApiOperation({ operationId: 'unlinkUser', summary: 'Unlink a user from the identity provider', description: `Sessions end at once. Whoever comes next with the user's verified address is linked anew, where the settings say so. ${KEEPS_AN_ADMIN}` })
  @ApiResponse({ status: 200, description: 'The user', type: UserAnswer })
  unlink(@Param('id') id: string): Promise<UserAnswer> {
    return this.manage.unlink(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteUser', summary: 'Delete a user', description: `For good, with sessions, invitation and links. ${KEEPS_AN_ADMIN}` })
  @ApiResponse({ status: 204, description: 'The user is gone' })
  async remove(@Param('id') id: string): Promise<void> {
    await this.manage.remove(id);
  }

  @Get(':id/sessions')
  @ApiOperation({ operationId: 'listUserSessions', summary: 'List a user\'s sessions' })
  @ApiResponse({ status: 200, description: 'Those that have not ended', type: SessionsAnswer })
  async listSessions(@Param('id') id: string): Promise<SessionsAnswer> {
    const user = await this.users.get(id);
    return { items: await this.sessions.list(user.id) };
  }

  @Delete(':id/sessions')
  @HttpCode(204)
  @ApiOperation({ operationId: 'endUserSessions', summary: 'End all sessions of a user' })
  @ApiResponse({ status: 204, description: 'They have ended' })
  async endSessions(@Param('id') id: string): Promise<void> {
    const user = await this.users.get(id);
    await this.sessions.endAll(user.id);
  }
}
