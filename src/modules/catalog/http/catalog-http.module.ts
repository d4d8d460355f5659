import { Module, type OnModuleInit } from '@nestjs/common';
import { ConnectorModule } from '../../../core/connector/connector.module.js';
import { GovernanceModule } from '../../../core/governance/governance.module.js';
import { GrantableKinds } from '../../../core/governance/grants/grantable-kinds.js';
import { CatalogModule } from '../catalog.module.js';
import { CatalogDirectory } from '../directory/catalog-directory.js';
import { CHANNELS, LOCATIONS } from '../directory/grantable.js';
import { ChannelsController } from './channels.controller.js';
import { ConnectionNames } from './forms/connection-names.js';
import { ItemsController } from './items.controller.js';
import { LocationsController } from './locations.controller.js';

/** The catalogue over HTTP; other modules need the catalogue without it. */
@Module({
  imports: [CatalogModule, ConnectorModule, GovernanceModule],
  controllers: [ItemsController, LocationsController, ChannelsController],
  providers: [ConnectionNames],
})
export class CatalogHttpModule implements OnModuleInit {
  constructor(
    private readonly grantable: GrantableKinds,
    private readonly directory: CatalogDirectory,
  ) {}

  onModuleInit(): void {
    this.grantable.register(CHANNELS, async (ids) => new Set((await this.directory.channelIds(ids)).keys()));
    this.grantable.register(LOCATIONS, async (ids) => new Set((await this.directory.locationIds(ids)).keys()));
  }
}
