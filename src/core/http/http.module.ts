import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { GovernanceModule } from '../governance/governance.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { ApiDescription } from './openapi/api-description.js';
import { DocsController, OpenApiController } from './openapi/docs.controller.js';

/** Everything that stands between a socket and a controller; used together with httpAdapter() and configureApp(). */
@Module({
  imports: [ObservabilityModule, GovernanceModule, DiscoveryModule],
  controllers: [OpenApiController, DocsController],
  providers: [ApiDescription],
  exports: [GovernanceModule],
})
export class HttpModule {}
