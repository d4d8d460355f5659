import { Injectable } from '@nestjs/common';
import type { LedgerKind, StockCondition } from '../../../core/canonical/index.js';
import { Database } from '../../../core/persistence/database.js';
import { numberArray } from '../../../core/persistence/sql-array.js';
import { CatalogDirectory } from '../../catalog/index.js';
import { accountParts, kindName, type VirtualAccount } from './account.js';

export type LedgerAccount = { readonly location: string; readonly condition: StockCondition } | { readonly virtual: VirtualAccount | 'elsewhere' };

export interface LedgerEntry {
  /** Stable position in the feed; entries are served in this order and never change. */
  readonly position: string;
  readonly kind: LedgerKind;
  readonly item: string;
  readonly quantity: number;
  readonly from: LedgerAccount;
  readonly to: LedgerAccount;
  /** The connection or API client that brought the fact, by its source number. */
  readonly source: number;
  readonly eventId: string;
  readonly line: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly correlationId: string;
  /** Of a netting movement: whose count had seen the movement already, by source number. Absent before hubs kept it. */
  readonly countedBy?: number;
}

/** Transaction, batch and entry: the order in which the feed is served. */
export interface LedgerPosition {
  readonly tx: number;
  readonly batch: number;
  readonly n: number;
}

export interface LedgerFilter {
  readonly after: LedgerPosition;
  readonly item?: string;
  readonly location?: string;
  /** The locations that the reader may see: what concerns none of them is left out, and others are told as `elsewhere`. Undefined for all. */
  readonly within?: readonly string[];
  /** A snapshot of Postgres (pg_snapshot): leaves out what was committed by then. For the whole feed only. */
  readonly committedAfter?: string;
  readonly limit: number;
}

interface Row {
  tx: string;
  batch: number;
  n: number;
  item: number;
  quantity: number;
  fromAccount: number;
  toAccount: number;
  kind: number;
  source: number;
  eventId: string;
  line: string;
  occurredAt: Date;
  recordedAt: Date;
  correlationId: string;
  countedBy: number | null;
}

const COLUMNS = `b.tx::text as tx, m.batch_id as batch, m.n, m.item_id as item, m.quantity, m.from_account as "fromAccount", m.to_account as "toAccount", m.kind,
  m.source_id as source, m.event_id as "eventId", m.line, m.occurred_at as "occurredAt", b.recorded_at as "recordedAt", m.correlation_id as "correlationId", m.counted_by as "countedBy"`;

/**
 * The ledger as a feed. It serves up to a safe watermark only: transactions older than the oldest one that is still
 * open, in the order of their numbers. A reader that keeps the last position therefore never misses a late committer,
 * and pages that were read once are the same for ever.
 */
@Injectable()
export class ReadLedger {
  constructor(
    private readonly database: Database,
    private readonly catalog: CatalogDirectory,
  ) {}

  /** `next` is always given: it is where to go on later, when more has happened. `more` says that there is more already. */
  async list(filter: LedgerFilter): Promise<{ entries: LedgerEntry[]; next: LedgerPosition; more: boolean }> {
    const { after } = filter;
    const [item, location, within] = await Promise.all([this.itemId(filter.item), this.locationId(filter.location), this.locationIds(filter.within)]);
    if (item === null || location === null) return { entries: [], next: after, more: false };
    const places = location === undefined ? within && [...within] : [location];
    const place = places === undefined ? '$6::int[] is null' : '(m.from_account >> 3 = any ($6::int[]) or m.to_account >> 3 = any ($6::int[]))';
    // One item's history is found by its own index; the whole feed walks the batches in order.
    const rows = await this.database.query<Row>(
      item === undefined
        ? `select ${COLUMNS} from inventory.ledger_batch b join inventory.movement m on m.batch_id = b.id
            where (b.tx, b.id, m.n) > ($1::xid8, $2, $3) and (b.tx, b.id) >= ($1::xid8, $2) and b.tx < pg_snapshot_xmin(pg_current_snapshot()) and $5::int is null and ${place}
              and ($7::pg_snapshot is null or not pg_visible_in_snapshot(b.tx, $7::pg_snapshot))
            order by b.tx, b.id, m.n limit $4`
        : `select ${COLUMNS} from inventory.movement m join inventory.ledger_batch b on b.id = m.batch_id
            where m.item_id = $5 and (b.tx, b.id, m.n) > ($1::xid8, $2, $3) and b.tx < pg_snapshot_xmin(pg_current_snapshot()) and ${place} and $7::pg_snapshot is null
            order by b.tx, b.id, m.n limit $4`,
      [String(after.tx), after.batch, after.n, filter.limit + 1, item ?? null, places ? numberArray(places) : null, filter.committedAfter ?? null],
    );
    const page = rows.slice(0, filter.limit);
    const last = page[page.length - 1];
    return { entries: await this.inWords(page, within), next: last ? { tx: Number(last.tx), batch: last.batch, n: last.n } : after, more: rows.length > filter.limit };
  }

  /** The entries at these places that exist, in the feed's order. Batch and entry name a place; the transaction only orders it. */
  async at(places: readonly Pick<LedgerPosition, 'batch' | 'n'>[]): Promise<LedgerEntry[]> {
    const rows = await this.database.query<Row>(
      `select ${COLUMNS} from unnest($1::bigint[], $2::int[]) as w (batch_id, n)
         join inventory.movement m on m.batch_id = w.batch_id and m.n = w.n join inventory.ledger_batch b on b.id = m.batch_id
        order by b.tx, b.id, m.n`,
      [numberArray(places.map(({ batch }) => batch)), numberArray(places.map(({ n }) => n))],
    );
    return this.inWords(rows);
  }

  /** Whether the ledger has entries that the feed does not serve yet, since a transaction that began before them is open. */
  async hasMoreToCome(): Promise<boolean> {
    return (await this.database.query('select from inventory.ledger_batch b where b.tx >= pg_snapshot_xmin(pg_current_snapshot()) limit 1')).length > 0;
  }

  private async itemId(code: string | undefined): Promise<number | null | undefined> {
    return code === undefined ? undefined : ((await this.catalog.itemIds([code])).get(code) ?? null);
  }

  private async locationId(code: string | undefined): Promise<number | null | undefined> {
    return code === undefined ? undefined : ((await this.catalog.locationIds([code])).get(code) ?? null);
  }

  private async locationIds(codes: readonly string[] | undefined): Promise<ReadonlySet<number> | undefined> {
    return codes && new Set((await this.catalog.locationIds(codes)).values());
  }

  private async inWords(rows: readonly Row[], within?: ReadonlySet<number>): Promise<LedgerEntry[]> {
    const accounts = rows.flatMap((row) => [row.fromAccount, row.toAccount]).filter((account) => account >= 8);
    const [items, locations] = await Promise.all([
      this.catalog.itemCodes(new Set(rows.map((row) => row.item))),
      this.catalog.locationCodes(new Set(accounts.map((account) => account >> 3))),
    ]);
    const account = (id: number): LedgerAccount => {
      const parts = accountParts(id);
      if ('virtual' in parts) return parts;
      return within && !within.has(parts.locationId) ? { virtual: 'elsewhere' } : { location: locations.get(parts.locationId) ?? '', condition: parts.condition };
    };
    return rows.map((row) => ({
      position: formatPosition({ ...row, tx: Number(row.tx) }),
      kind: kindName(row.kind),
      item: items.get(row.item) ?? '',
      quantity: row.quantity,
      from: account(row.fromAccount),
      to: account(row.toAccount),
      source: row.source,
      eventId: row.eventId,
      line: row.line,
      occurredAt: row.occurredAt.toISOString(),
      recordedAt: row.recordedAt.toISOString(),
      correlationId: row.correlationId,
      ...(row.countedBy === null ? {} : { countedBy: row.countedBy }),
    }));
  }
}

/** As entries show it. */
export function formatPosition({ tx, batch, n }: LedgerPosition): string {
  return `${tx}.${batch}.${n}`;
}

/** @returns undefined when the text is no position. */
export function parsePosition(text: string): LedgerPosition | undefined {
  const match = /^(\d{1,15})\.(\d{1,15})\.(-?\d{1,9})$/.exec(text);
  return match ? { tx: Number(match[1]), batch: Number(match[2]), n: Number(match[3]) } : undefined;
}
