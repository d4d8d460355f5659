import { Injectable } from '@nestjs/common';
import { HubError } from '../../../core/errors/index.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { Database } from '../../../core/persistence/database.js';
import { CatalogDirectory } from '../../catalog/index.js';
import { physicalAccount } from '../ledger/account.js';
import { PUBLISH_TOPIC } from '../publication/topic.js';

/** How a channel's figure is made of its pool. Units in each item's stock-keeping unit. */
export interface SellingRules {
  /** Kept back from the whole pool; the sum of the locations' own safety stocks counts instead where it is larger. */
  readonly safetyStock: number;
  /** Shown as sold out at or below it, and kept back above it. */
  readonly threshold: number;
  /** Kept back for the time that a figure takes to reach the channel. */
  readonly buffer: number;
  /** How much of the pool this channel may offer, in percent. */
  readonly sharePercent: number;
  /** Never offer more than this; null for no cap. */
  readonly cap: number | null;
}

@Injectable()
export class KeepSellingRules {
  constructor(
    private readonly database: Database,
    private readonly catalog: CatalogDirectory,
    private readonly wakeUps: WakeUps,
  ) {}

  /** @throws HubError NOT_FOUND */
  async read(channelCode: string): Promise<SellingRules> {
    const rows = await this.database.query<SellingRules>(
      'select safety_stock as "safetyStock", threshold, buffer, share_percent as "sharePercent", cap from inventory.channel_rule where channel_id = $1',
      [await this.channel(channelCode)],
    );
    if (!rows[0]) throw new HubError('NOT_FOUND', { detail: `There is no channel '${channelCode}'.` });
    return rows[0];
  }

  /** Replaces the rules and recomputes every item of the channel in the same transaction. Idempotent. @throws HubError NOT_FOUND */
  async replace(channelCode: string, rules: SellingRules): Promise<void> {
    await this.database.query('select inventory.set_rules($1, $2, $3, $4, $5, $6)', [
      await this.channel(channelCode), rules.safetyStock, rules.threshold, rules.buffer, rules.sharePercent, rules.cap,
    ]);
    this.wakeUps.ring(PUBLISH_TOPIC);
  }

  /** Sets how many units of an item a location keeps for itself. Idempotent. @throws HubError UNKNOWN_ITEM, UNKNOWN_LOCATION */
  async keepSafetyStock(itemCode: string, locationCode: string, quantity: number): Promise<void> {
    const item = (await this.catalog.itemIds([itemCode])).get(itemCode);
    if (item === undefined) throw new HubError('UNKNOWN_ITEM', { detail: `There is no item '${itemCode}'.` });
    const location = (await this.catalog.locationIds([locationCode])).get(locationCode);
    if (location === undefined) throw new HubError('UNKNOWN_LOCATION', { detail: `There is no location '${locationCode}'.` });
    await this.database.query('select inventory.set_safety($1, $2, $3)', [item, physicalAccount(location, 'sellable'), quantity]);
    this.wakeUps.ring(PUBLISH_TOPIC);
  }

  private async channel(code: string): Promise<number> {
    const id = (await this.catalog.channelIds([code])).get(code);
    if (id === undefined) throw new HubError('NOT_FOUND', { detail: `There is no channel '${code}'.` });
    return id;
  }
}
