import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { HubError } from '../errors/index.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { dataSourceOptions } from './data-source.js';
import { Database } from './database.js';

/** The URL of the database in use: the composition root has put the embedded server's there when nobody named another. */
export function databaseUrlOf(settings: Settings): string {
  if (settings.databaseUrl) return settings.databaseUrl;
  throw new HubError('SETTINGS_INVALID', { detail: 'No database: neither DATABASE_URL nor an embedded Postgres.' });
}

/**
 * The one pool of connections, for everybody. Migrations have run before this module is built. Modules register their
 * entities with TypeOrmModule.forFeature; hot paths inject `Database`.
 */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [SETTINGS],
      useFactory: (settings: Settings) => ({ ...dataSourceOptions(databaseUrlOf(settings)), autoLoadEntities: true, retryAttempts: 3, retryDelay: 1_000 }),
    }),
  ],
  providers: [Database],
  exports: [Database],
})
export class PersistenceModule {}
