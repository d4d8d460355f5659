import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { HubError } from '../../errors/index.js';
import { Public } from '../../governance/access.js';
import { Readiness } from './readiness.js';

const CHECK = { type: 'object', required: ['status'], properties: { status: { type: 'string', enum: ['up', 'down'] } }, additionalProperties: true };
const CHECKS = { type: 'object', description: 'By name: database, queue, disk, eventLoop, serving; each that is down has a reason. Of the queue, `answers` false means that work is found by sweeps until it is back; the hub serves on.', additionalProperties: CHECK };
const READY = { type: 'object', required: ['status', 'details'], properties: { status: { type: 'string' }, info: CHECKS, error: CHECKS, details: CHECKS } };

@ApiTags('operations')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly readiness: Readiness,
  ) {}

  @Get('live')
  @ApiOperation({ operationId: 'isLive', summary: 'The process answers', description: 'Says nothing of the database: restarting the hub would not heal it.' })
  @ApiOkResponse({ description: 'The process is alive', schema: { type: 'object', required: ['status'], properties: { status: { const: 'ok' } as never } } })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ operationId: 'isReady', summary: 'The hub can serve', description: 'Postgres answers, every migration is applied, the disk has room, the event loop keeps up, and the process is not stopping.' })
  @ApiOkResponse({ description: 'The hub can serve', schema: READY })
  async ready(): Promise<HealthCheckResult> {
    try {
      return await this.health.check([() => this.readiness.databaseAnswers(), () => this.readiness.queueAnswers(), () => this.readiness.diskHasRoom(), () => this.readiness.eventLoop(), () => this.readiness.serving()]);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      const { details } = error.getResponse() as HealthCheckResult;
      throw new HubError('NOT_READY', { facts: { details }, retryAfterSeconds: 2 });
    }
  }
}
