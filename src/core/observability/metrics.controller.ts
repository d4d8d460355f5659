import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HubError } from '../errors/index.js';
import { RequireScopeUnless } from '../governance/access.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { Metrics } from './metrics.js';

@ApiTags('operations')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get()
  @RequireScopeUnless(({ metrics }) => metrics !== 'closed', 'metrics:read')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ operationId: 'readMetrics', summary: 'Metrics in the Prometheus text format', description: 'For anybody, unless CROSSDOCK_METRICS is `closed` (a token is needed then) or `off` (404).' })
  @ApiOkResponse({ description: 'All metrics of this process', content: { 'text/plain': { schema: { type: 'string' } } } })
  read(): Promise<string> {
    if (this.settings.metrics === 'off') throw new HubError('ROUTE_NOT_FOUND', { detail: 'Metrics are switched off (CROSSDOCK_METRICS).' });
    return this.metrics.registry.metrics();
  }
}
