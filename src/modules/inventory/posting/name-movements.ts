import type { MovementPosting, PostingAccount } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import type { Connection } from '../../../core/connector/connection.js';
import { invariant } from '../../../core/errors/index.js';
import { CrossReferences } from '../../../core/mapping/cross-references.js';
import type { Queryable } from '../../../core/persistence/database.js';
import type { LedgerAccount, LedgerEntry } from '../ledger/read-ledger.js';
import { PostingKeys } from './posting-keys.js';

/** A movement that concerns a connection's books; `posting` is undefined while the books' name of its item is not known. */
export interface NamedMovement {
  readonly entry: LedgerEntry;
  readonly posting: MovementPosting | undefined;
}

/** The stock-keeping unit is the one name that systems share; it needs no stored reference. */
const SKU = 'sku';

/** Says movements of the ledger in the words of an outside system. */
@Injectable()
export class NameMovements {
  constructor(
    private readonly references: CrossReferences,
    private readonly keys: PostingKeys,
  ) {}

  /**
   * Those that concern the connection, in order: its books do not have them by themselves, and one of their sides is a
   * place that it maps. Call it after the entries were read: a place that was mapped before a movement was recorded is then seen,
   * since a name that is missing is never remembered as missing.
   */
  async concerning(connection: Connection, entries: readonly LedgerEntry[]): Promise<NamedMovement[]> {
    const { movementSink } = connection.manifest.capabilities;
    invariant(movementSink, `'${connection.id}' keeps no books`);
    const missing = entries.filter((entry) => !hasByItself(connection.sourceId, entry));
    const codes = new Set(missing.flatMap((entry) => [placeOf(entry.from), placeOf(entry.to)].filter((code) => code !== undefined)));
    const places = await this.references.reverse(connection.sourceId, 'location', movementSink.locationReference, [...codes]);
    const concerned = missing.filter((entry) => places.has(placeOf(entry.from) ?? '') || places.has(placeOf(entry.to) ?? ''));
    const [items, keys] = await Promise.all([this.items(connection, movementSink.itemReference, concerned), this.keys.of(connection.sourceId, concerned)]);
    const side = (account: LedgerAccount): PostingAccount => {
      if ('virtual' in account) return account;
      const id = places.get(account.location);
      return id === undefined ? { virtual: 'elsewhere' } : { location: { type: movementSink.locationReference, id }, condition: account.condition };
    };
    return concerned.map((entry, index) => {
      const item = items.get(entry.item);
      const { kind: movement, quantity, occurredAt } = entry;
      return { entry, posting: item && { key: keys[index] as string, movement, item, quantity, from: side(entry.from), to: side(entry.to), occurredAt } };
    });
  }

  /** Told in the transaction that saves names of items, of one connection or (undefined) of whichever matches by SKU. */
  onItemsNamed(listener: (tx: Queryable, connection: number | undefined, items: readonly string[]) => Promise<(() => void) | void>): void {
    this.references.onSaved((tx, { entity, sourceId, references }) => (entity === 'item' ? listener(tx, sourceId, references.map(({ canonical }) => canonical)) : Promise.resolve()));
  }

  /** Of these items (canonical ids) those that the connection has a name for. */
  async nameable(connection: Connection, items: readonly string[]): Promise<string[]> {
    const { movementSink } = connection.manifest.capabilities;
    if (!movementSink) return [];
    return [...(await this.itemNames(connection, movementSink.itemReference, items)).keys()];
  }

  private items(connection: Connection, type: string, entries: readonly LedgerEntry[]): Promise<Map<string, MovementPosting['item']>> {
    return this.itemNames(connection, type, [...new Set(entries.map((entry) => entry.item))]);
  }

  /** The reverse of how intake recognises items: a stored reference wins, then the SKU where the connection matches by it. */
  private async itemNames(connection: Connection, type: string, items: readonly string[]): Promise<Map<string, MovementPosting['item']>> {
    const stored = await this.references.reverse(connection.sourceId, 'item', type, items);
    const names = new Map<string, MovementPosting['item']>([...stored].map(([item, id]) => [item, type === SKU ? { type, id, sku: id } : { type, id }]));
    if (connection.matchItemsBy !== 'sku' || type === SKU) return names;
    const missing = items.filter((item) => !names.has(item));
    if (missing.length === 0) return names;
    for (const [item, sku] of await this.references.reverse(connection.sourceId, 'item', SKU, missing)) names.set(item, { type: SKU, id: sku, sku });
    return names;
  }
}

/**
 * What came from the connection is in its books. So is the effect of its own counts, but of nobody else's: where another's
 * count had seen a movement that the connection told of late, the books need the netting that the ledger has.
 */
function hasByItself(connection: number, { source, kind, countedBy = source }: LedgerEntry): boolean {
  return source === connection && (kind !== 'netting' || countedBy === connection);
}

function placeOf(account: LedgerAccount): string | undefined {
  return 'location' in account ? account.location : undefined;
}
