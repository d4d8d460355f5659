import { Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { VaultModule } from '../vault/vault.module.js';
import { CheckKey } from './connections/check-key.js';
import { ConnectionController } from './connections/connection.controller.js';
import { ConnectionStore } from './connections/connection-store.js';
import { ConnectionViews } from './connections/connection-views.js';
import { Connections } from './connections/connections.js';
import { SealedCredentials } from './connections/sealed-credentials.js';
import { TestConnection } from './connections/test-connection.js';
import { ConnectionDirectory } from './connection-directory.js';
import { EgressBroker } from './egress/egress-broker.js';
import { LIMITS, WALL_LIMITS } from './wall/limits.js';
import { PluginMetrics } from './host/plugin-metrics.js';
import { WalledPluginHost } from './host/walled-plugin-host.js';
import { PluginHost } from './plugin-host.js';
import { PluginController } from './plugins/plugin.controller.js';
import { Publisher } from './publisher.js';
import { PLUGIN_FOLDERS, pluginFolders } from './registry/plugin-folders.js';
import { PluginRegistry } from './registry/plugin-registry.js';

/** Connections to outside systems, and the wall behind which their plugins run: one for the whole process, as the children are. */
@Module({
  imports: [VaultModule],
  controllers: [ConnectionController, PluginController],
  providers: [
    { provide: PLUGIN_FOLDERS, inject: [SETTINGS], useFactory: (settings: Settings) => pluginFolders(settings.pluginsDir) },
    { provide: LIMITS, useValue: WALL_LIMITS },
    { provide: PluginHost, useExisting: WalledPluginHost },
    CheckKey, ConnectionDirectory, Connections, ConnectionStore, ConnectionViews, EgressBroker, PluginMetrics, PluginRegistry, Publisher, SealedCredentials, TestConnection, WalledPluginHost,
  ],
  exports: [ConnectionDirectory, PluginHost, Publisher, SealedCredentials],
})
export class ConnectorModule {}
