import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AuditModule } from '../audit/audit.module.js';
import { GovernanceModule } from '../governance/governance.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { VaultModule } from '../vault/vault.module.js';
import { IdempotencyGuard } from './idempotency/idempotency.guard.js';
import { KeptAnswers } from './idempotency/kept-answers.js';
import { ApiDescription } from './openapi/api-description.js';
import { DocsController, FrontController, OpenApiController } from './openapi/docs.controller.js';

/** Everything that stands between a socket and a controller; used together with httpAdapter() and configureApp(). */
@Module({
  imports: [AuditModule, ObservabilityModule, GovernanceModule, VaultModule, DiscoveryModule],
  controllers: [OpenApiController, FrontController, DocsController],
  providers: [ApiDescription, IdempotencyGuard, KeptAnswers],
  exports: [GovernanceModule, KeptAnswers],
})
export class HttpModule {}
