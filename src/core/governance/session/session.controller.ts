import { Body, Controller, Delete, HttpCode, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public, RequireRole } from '../access.js';
import { bearerOf } from '../bearer.js';
import { BeginSessionDto, NewSessionAnswer } from './session.dto.js';
import { Sessions } from './sessions.js';

@ApiTags('sessions')
@Controller('admin/v1/sessions')
export class SessionController {
  constructor(private readonly sessions: Sessions) {}

  @Post()
  @Public()
  @ApiOperation({ operationId: 'beginSession', summary: 'Begin an admin session', description: 'Ends 12 hours later, or 2 hours after its last use. Tries are limited per account and address.' })
  @ApiResponse({ status: 201, description: 'The token to send as `Authorization: Bearer`', type: NewSessionAnswer })
  begin(@Body() body: BeginSessionDto, @Req() request: FastifyRequest): Promise<NewSessionAnswer> {
    return this.sessions.begin(body.email, body.password, request.ip);
  }

  @Delete('current')
  @RequireRole('viewer')
  @HttpCode(204)
  @ApiOperation({ operationId: 'endSession', summary: 'End this session' })
  @ApiResponse({ status: 204, description: 'The session has ended' })
  async end(@Req() request: FastifyRequest): Promise<void> {
    await this.sessions.end(bearerOf(request.headers.authorization) ?? '');
  }
}
