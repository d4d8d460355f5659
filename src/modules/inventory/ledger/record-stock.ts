import { Injectable } from '@nestjs/common';
import type { StockAccount, StockMovement, StockObservation } from '../../../core/canonical/index.js';
import type { MovementOutcome, ObservationOutcome, StockFactHandler } from '../../../core/intake/stock-facts.js';
import { CatalogDirectory } from '../../catalog/index.js';
import { locationOf, physicalAccount, virtualAccount } from './account.js';
import { LedgerLanes, type CountEntry, type MovementEntry } from './ledger-lanes.js';

const STATUS: readonly MovementOutcome[] = [{ status: 'applied' }, { status: 'duplicate' }, { status: 'rejected', code: 'NOT_OWNER' }];
const UNKNOWN_ITEM = { status: 'rejected', code: 'UNKNOWN_ITEM' } as const;
const UNKNOWN_LOCATION = { status: 'rejected', code: 'UNKNOWN_LOCATION' } as const;
/** A moment ahead of the database's clock by more than a day is a fault of the sender; the ledger's searches rely on this bound. */
export const MOST_AHEAD_MS = 86_400_000;

/** The ledger's door: canonical facts in, committed outcomes out. Every fact enters here, whoever brings it. */
@Injectable()
export class RecordStock implements StockFactHandler {
  constructor(
    private readonly catalog: CatalogDirectory,
    private readonly lanes: LedgerLanes,
  ) {}

  /**
   * Records movements; resolves after their commit with one outcome each, in order. Entries of one call may be committed
   * in several transactions (one a lane), each movement whole with its level, availability and dirty rows. Repeating a
   * call is harmless: (source, eventId, line) is applied once, for ever.
   */
  async recordMovements(movements: readonly StockMovement[]): Promise<MovementOutcome[]> {
    const outcomes = new Array<MovementOutcome>(movements.length);
    const places = movements.flatMap((movement) => [locationOf(movement.from), locationOf(movement.to)]);
    const { items, locations } = await this.resolve(movements.map((movement) => movement.item), places);
    const entries: MovementEntry[] = [];
    movements.forEach((movement, index) => {
      const item = items.get(movement.item);
      const from = accountId(movement.from, locations);
      const to = accountId(movement.to, locations);
      if (item === undefined) outcomes[index] = UNKNOWN_ITEM;
      else if (from === undefined || to === undefined) outcomes[index] = UNKNOWN_LOCATION;
      else entries.push({ index, movement, item, from, to });
    });
    await this.lanes.recordMovements(entries, (entry, status) => (outcomes[entry.index] = STATUS[status] as MovementOutcome));
    return outcomes;
  }

  /** Records absolute figures; resolves after commit, one outcome each, in order. Stale and repeated figures change nothing. */
  async recordObservations(observations: readonly StockObservation[]): Promise<ObservationOutcome[]> {
    const outcomes = new Array<ObservationOutcome>(observations.length);
    const { items, locations } = await this.resolve(observations.map((seen) => seen.item), observations.map((seen) => seen.location));
    const entries: CountEntry[] = [];
    observations.forEach((observation, index) => {
      const item = items.get(observation.item);
      const location = locations.get(observation.location);
      if (item === undefined) outcomes[index] = UNKNOWN_ITEM;
      else if (location === undefined) outcomes[index] = UNKNOWN_LOCATION;
      else entries.push({ index, observation, item, account: physicalAccount(location, observation.condition) });
    });
    await this.lanes.recordObservations(entries, (entry, status, correction) => {
      if (status === 0) outcomes[entry.index] = { status: 'applied', correction };
      else if (status === 3) outcomes[entry.index] = { status: 'stale' };
      else outcomes[entry.index] = status === 1 ? { status: 'duplicate' } : { status: 'rejected', code: 'NOT_OWNER' };
    });
    return outcomes;
  }

  private async resolve(itemCodes: readonly string[], locationCodes: readonly (string | undefined)[]): Promise<{ items: Map<string, number>; locations: Map<string, number> }> {
    const [items, locations] = await Promise.all([
      this.catalog.itemIds([...new Set(itemCodes)]),
      this.catalog.locationIds([...new Set(locationCodes.filter((code) => code !== undefined))]),
    ]);
    return { items, locations };
  }
}

function accountId(account: StockAccount, locations: ReadonlyMap<string, number>): number | undefined {
  if ('virtual' in account) return virtualAccount(account.virtual);
  const location = locations.get(account.location);
  return location === undefined ? undefined : physicalAccount(location, account.condition);
}
