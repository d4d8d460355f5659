import { Module } from '@nestjs/common';
import { GovernanceModule } from '../governance/governance.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';

/** Everything that stands between a socket and a controller; used together with httpAdapter() and configureApp(). */
@Module({ imports: [ObservabilityModule, GovernanceModule], exports: [GovernanceModule] })
export class HttpModule {}
