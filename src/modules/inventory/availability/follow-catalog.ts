import { Injectable, type OnModuleInit } from '@nestjs/common';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { numberArray } from '../../../core/persistence/sql-array.js';
import { CatalogChanges } from '../../catalog/index.js';
import { PUBLISH_TOPIC } from '../publication/topic.js';

/** Keeps inventory's own projections of channels, pools and ownership in the transaction that changes the catalogue. */
@Injectable()
export class FollowCatalog implements OnModuleInit {
  constructor(
    private readonly changes: CatalogChanges,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.changes.onChannelsSaved(async (tx, channels) => {
      for (const channel of channels) {
        await tx.query('select inventory.save_channel($1, $2::int[], $3)', [channel.id, numberArray(channel.locationIds), channel.connectionId]);
      }
      return () => this.wakeUps.ring(PUBLISH_TOPIC);
    });
    this.changes.onLocationsSaved(async (tx, locations) => {
      const owned = locations.filter((location) => location.ownerSourceId !== null);
      await tx.execute('delete from inventory.location_owner where location_id = any ($1::int[])', [numberArray(locations.map((location) => location.id))]);
      await tx.execute('insert into inventory.location_owner (location_id, source_id) select * from unnest($1::int[], $2::int[])', [
        numberArray(owned.map((location) => location.id)),
        numberArray(owned.map((location) => location.ownerSourceId as number)),
      ]);
    });
  }
}
