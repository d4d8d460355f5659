import { Injectable } from '@nestjs/common';
import type { Queryable } from '../../../core/persistence/database.js';
import type { Channel } from './channel.js';

export interface SavedItem {
  readonly id: number;
  readonly code: string;
  readonly sku: string;
}

export interface SavedLocation {
  readonly id: number;
  readonly code: string;
  /** Source id of the connection whose counts and adjustments are believed at this location. */
  readonly ownerSourceId: number | null;
}

/**
 * Runs inside the saving transaction, for what was created or really changed, in ascending order of code; a throw
 * undoes the save. It runs again when the transaction is retried, so it must act on the transaction alone; what it
 * returns runs once, after the commit.
 */
export type SavedListener<Thing> = (tx: Queryable, things: Thing[]) => Promise<(() => void) | void>;

/** How other modules keep their projections of the catalogue in step, without reading its tables. */
@Injectable()
export class CatalogChanges {
  private readonly items: SavedListener<SavedItem>[] = [];
  private readonly locations: SavedListener<SavedLocation>[] = [];
  private readonly channels: SavedListener<Channel>[] = [];

  onItemsSaved(listener: SavedListener<SavedItem>): void {
    this.items.push(listener);
  }

  onLocationsSaved(listener: SavedListener<SavedLocation>): void {
    this.locations.push(listener);
  }

  onChannelsSaved(listener: SavedListener<Channel>): void {
    this.channels.push(listener);
  }

  itemsSaved(tx: Queryable, items: SavedItem[]): Promise<(() => void)[]> {
    return announce(this.items, tx, items);
  }

  locationsSaved(tx: Queryable, locations: SavedLocation[]): Promise<(() => void)[]> {
    return announce(this.locations, tx, locations);
  }

  channelsSaved(tx: Queryable, channels: Channel[]): Promise<(() => void)[]> {
    return announce(this.channels, tx, channels);
  }
}

async function announce<Thing>(listeners: readonly SavedListener<Thing>[], tx: Queryable, things: Thing[]): Promise<(() => void)[]> {
  const after: (() => void)[] = [];
  if (things.length === 0) return after;
  for (const listener of listeners) {
    const hook = await listener(tx, things);
    if (hook) after.push(hook);
  }
  return after;
}
