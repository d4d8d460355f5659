import { type DynamicModule, Module } from '@nestjs/common';
import { ConnectorModule } from './core/connector/connector.module.js';
import { HttpModule } from './core/http/http.module.js';
import { IdempotencyModule } from './core/http/idempotency/idempotency.module.js';
import { IntakeModule } from './core/intake/intake.module.js';
import { KeysModule } from './core/keys/keys.module.js';
import { MappingHttpModule } from './core/mapping/http/mapping-http.module.js';
import { MatchingModule } from './core/matching/matching.module.js';
import { OAuthModule } from './core/oauth/oauth.module.js';
import { OrchestrationModule } from './core/orchestration/orchestration.module.js';
import { QueueBoardModule } from './core/queue-board/queue-board.module.js';
import { PersistenceModule } from './core/persistence/persistence.module.js';
import type { Settings } from './core/settings/settings.js';
import { SettingsModule } from './core/settings/settings.module.js';
import { CatalogHttpModule } from './modules/catalog/index.js';
import { InventoryModule } from './modules/inventory/index.js';

/** The table of contents: the only file that imports every module. */
@Module({})
export class AppModule {
  static forSettings(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.of(settings),
        PersistenceModule,
        OrchestrationModule.forRole(settings.role),
        HttpModule,
        QueueBoardModule,
        IdempotencyModule,
        OAuthModule,
        ConnectorModule,
        KeysModule,
        MappingHttpModule,
        MatchingModule,
        IntakeModule,
        CatalogHttpModule,
        InventoryModule,
      ],
    };
  }
}
