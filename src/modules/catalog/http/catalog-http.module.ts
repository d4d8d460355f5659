import { Module } from '@nestjs/common';
import { ConnectorModule } from '../../../core/connector/connector.module.js';
import { CatalogModule } from '../catalog.module.js';
import { ChannelsController } from './channels.controller.js';
import { ConnectionNames } from './forms/connection-names.js';
import { ItemsController } from './items.controller.js';
import { LocationsController } from './locations.controller.js';

/** The catalogue over HTTP; other modules need the catalogue without it. */
@Module({
  imports: [CatalogModule, ConnectorModule],
  controllers: [ItemsController, LocationsController, ChannelsController],
  providers: [ConnectionNames],
})
export class CatalogHttpModule {}
