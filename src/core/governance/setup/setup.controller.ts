import { Body, Controller, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../access.js';
import { ClaimHubDto, FirstAdminAnswer } from './setup.dto.js';
import { SetupService } from './setup.service.js';

@ApiTags('setup')
@Public()
@Controller('admin/v1/setup')
export class SetupController {
  constructor(private readonly setup: SetupService) {}

  @Post()
  @ApiOperation({ operationId: 'claimHub', summary: 'Claim a fresh hub', description: 'Makes the first admin with the printed token. Works once.' })
  @ApiResponse({ status: 201, description: 'The first admin', type: FirstAdminAnswer })
  claim(@Body() body: ClaimHubDto, @Req() request: FastifyRequest): Promise<FirstAdminAnswer> {
    return this.setup.claim(body.token, body.email, body.password, request.ip);
  }
}
