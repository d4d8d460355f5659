import { Injectable } from '@nestjs/common';
import { microseconds, ofCorrelation, Timeline, type TimelineAsk, type TimelineEntry } from '../../../core/observability/timeline/timeline.js';
import { Database } from '../../../core/persistence/database.js';
import { ReadLedger, type LedgerAccount, type LedgerEntry } from '../ledger/read-ledger.js';
import { BooksOfMovements, type BookState } from './books-of-movements.js';

interface Place {
  readonly atUs: number;
  readonly key: string;
  readonly batch: number;
  readonly n: number;
}

const SQL = `
  select * from (
    select m.batch_id as batch, m.n, ${microseconds('b.recorded_at')} as "atUs", ('movement/' || lpad(m.batch_id::text, 15, '0') || '/' || lpad(m.n::text, 9, '0')) collate "C" as key
    from inventory.movement m join inventory.ledger_batch b on b.id = m.batch_id where ${ofCorrelation('m')}
  ) mine where ("atUs", key) > ($2, $3) order by "atUs", key limit $4`;

/** Of a correlation id: the movements that it brought into the ledger, each with the books that it concerns. */
@Injectable()
export class MovementTimeline {
  constructor(
    private readonly database: Database,
    private readonly ledger: ReadLedger,
    private readonly books: BooksOfMovements,
    timeline: Timeline,
  ) {
    timeline.register((ask) => this.entries(ask));
  }

  private async entries({ correlationId, after, limit }: TimelineAsk): Promise<TimelineEntry[]> {
    const places = await this.database.query<Place>(SQL, [correlationId, after.atUs, after.key, limit]);
    if (places.length === 0) return [];
    const movements = await this.ledger.at(places);
    const books = await this.books.of(movements);
    const byPlace = new Map(movements.map((movement) => [movement.position.slice(movement.position.indexOf('.') + 1), movement]));
    return places.flatMap(({ atUs, key, batch, n }) => {
      const movement = byPlace.get(`${batch}.${n}`);
      return movement ? [{ atUs, key, ...told(movement, books.get(movement.position) ?? []) }] : [];
    });
  }
}

function told({ correlationId: _known, ...movement }: LedgerEntry, books: readonly BookState[]): Pick<TimelineEntry, 'kind' | 'summary' | 'details'> {
  const { quantity, item, from, to, kind } = movement;
  const written = books.map(({ connection, state }) => ` ${WORDS[state]} ${connection}.`).join('');
  return { kind: 'stock.moved', summary: `${quantity} of ${item} went from ${words(from)} to ${words(to)} (${kind}).${written}`, details: { ...movement, books } };
}

const WORDS = { settled: 'Settled in the books of', held: 'Held back from the books of', ahead: 'Not yet in the books of' } as const;

function words(account: LedgerAccount): string {
  if ('virtual' in account) return account.virtual;
  return account.condition === 'sellable' ? account.location : `${account.location} (${account.condition})`;
}
