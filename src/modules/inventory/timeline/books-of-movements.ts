import { Injectable } from '@nestjs/common';
import { ConnectionDirectory } from '../../../core/connector/connection-directory.js';
import type { Connection } from '../../../core/connector/connection.js';
import { HubError } from '../../../core/errors/index.js';
import { Database } from '../../../core/persistence/database.js';
import { numberArray } from '../../../core/persistence/sql-array.js';
import { parsePosition, type LedgerEntry, type LedgerPosition } from '../ledger/read-ledger.js';
import type { HeldClass } from '../posting/held-postings.js';
import { NameMovements } from '../posting/name-movements.js';

/**
 * How a movement stands with the books of one connection. `settled`: written, found there already, or given up by a
 * person; the moment is not kept. `ahead`: the books have not come to it yet.
 */
export interface BookState {
  readonly connection: string;
  readonly state: 'settled' | 'held' | 'ahead';
  readonly held?: { readonly class: HeldClass; readonly detail: string; readonly since: string };
}

interface Row {
  readonly source: number;
  readonly startedFrom: string;
  readonly batch: number;
  readonly n: number;
  readonly passed: boolean;
  readonly class: HeldClass | null;
  readonly detail: string | null;
  readonly heldAt: Date | null;
}

const SQL = `
  select k.source_id as source, k.started_from as "startedFrom", w.batch_id as batch, w.n, (b.tx, b.id, w.n) <= (k.cursor_tx, k.cursor_batch, k.cursor_n) as passed, h.class, h.detail, h.held_at as "heldAt"
    from inventory.posting_book k cross join unnest($1::bigint[], $2::int[]) as w (batch_id, n) join inventory.ledger_batch b on b.id = w.batch_id
    left join inventory.held_posting h on h.source_id = k.source_id and h.batch_id = w.batch_id and h.n = w.n
   where k.starts_after is null or not pg_visible_in_snapshot(b.tx, k.starts_after)
   order by k.source_id`;

/** Which books movements concern, and how far each has come with them. */
@Injectable()
export class BooksOfMovements {
  constructor(
    private readonly database: Database,
    private readonly connections: ConnectionDirectory,
    private readonly names: NameMovements,
  ) {}

  /** By position. Books of a connection whose plugin is missing are left out: nobody can say what concerns them. */
  async of(movements: readonly LedgerEntry[]): Promise<Map<string, BookState[]>> {
    const places = movements.map(({ position }) => parsePosition(position) as LedgerPosition);
    const rows = await this.database.query<Row>(SQL, [numberArray(places.map(({ batch }) => batch)), numberArray(places.map(({ n }) => n))]);
    const states = new Map<string, BookState[]>();
    for (const source of new Set(rows.map((row) => row.source))) {
      const connection = await this.usable(source);
      if (!connection?.manifest.capabilities.movementSink) continue;
      const ofBook = new Map(rows.filter((row) => row.source === source).map((row) => [`${row.batch}.${row.n}`, row]));
      for (const { entry: { position } } of await this.names.concerning(connection, movements)) {
        const place = parsePosition(position) as LedgerPosition;
        const row = ofBook.get(`${place.batch}.${place.n}`);
        if (row && !liesBefore(place, row.startedFrom)) states.set(position, [...(states.get(position) ?? []), stateOf(connection.id, row)]);
      }
    }
    return states;
  }

  private async usable(source: number): Promise<Connection | undefined> {
    try {
      return await this.connections.bySource(source);
    } catch (error) {
      if (error instanceof HubError && error.code === 'PLUGIN_UNAVAILABLE') return undefined;
      throw error;
    }
  }
}

/** Where posting began at a position, what lies before it was never the book's to write. */
function liesBefore(place: LedgerPosition, startedFrom: string): boolean {
  const start = parsePosition(startedFrom);
  return start !== undefined && (place.tx - start.tx || place.batch - start.batch || place.n - start.n) <= 0;
}

function stateOf(connection: string, { passed, class: ofClass, detail, heldAt }: Row): BookState {
  if (ofClass !== null && heldAt !== null) return { connection, state: 'held', held: { class: ofClass, detail: detail ?? '', since: heldAt.toISOString() } };
  return { connection, state: passed ? 'settled' : 'ahead' };
}
