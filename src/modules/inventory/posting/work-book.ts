import { Injectable } from '@nestjs/common';
import { nextPauseMs } from '../../../core/intake/facts/backoff.js';
import { ReadLedger, type LedgerPosition } from '../ledger/read-ledger.js';
import { BookLeases, type BookLease, type Setback, type Settlement } from './book-lease.js';
import { HeldPostings } from './held-postings.js';
import { NameMovements, type NamedMovement } from './name-movements.js';
import { noneTaken, placeOf, SendPostings, setAside, settlementOf, type Books, type Fate, type Sent } from './send-postings.js';

const PAUSE = { baseMs: 250, capMs: 60_000 };
/** While a person must act on the connection itself, its book rests this long; a change of the connection ends the rest. */
const WAIT_FOR_PERSON_MS = 15_000;
const PAGE = 2_000;
/** How soon the feed is looked at again while a transaction that is open holds its newest entries back. */
const FEED_HELD_BACK_MS = 200;
/** After so many failures in a row a call is taken apart, since one movement may be what breaks it for the others: most failures are passing ones. */
const APART_AFTER = 2;
/** After so many failures with nobody to blame one movement a turn is set aside in any case, so that those behind it are asked about too. */
const ASIDE_AFTER = 6;

/**
 * The lease to go on with, or a rest; undefined when the book is in no hands of ours any more. `idleMs`: there was nothing to
 * do, and there may be so much later (Infinity where nobody knows).
 */
export type Step = { readonly lease: BookLease; readonly idleMs?: number } | { readonly setback: Setback } | undefined;

/** What is to be sent together, and how far the ledger is settled by it. */
interface Slice {
  readonly movements: readonly NamedMovement[];
  readonly end: LedgerPosition;
}

/**
 * The work on one book while its lease lasts. Movements go out in the ledger's order, but nothing depends on it: they
 * are deltas, so the books end alike in whatever order they are written, and one that cannot be written stands aside.
 */
@Injectable()
export class WorkBook {
  constructor(
    private readonly ledger: ReadLedger,
    private readonly names: NameMovements,
    private readonly sending: SendPostings,
    private readonly held: HeldPostings,
    private readonly leases: BookLeases,
  ) {}

  /** One turn: what is held and due, then the next page of the ledger. `goesOn` is asked between two calls of the connector. */
  async turn(lease: BookLease, books: Books, goesOn: () => boolean): Promise<Step> {
    const tried = await this.tryHeld(lease, books);
    if (!tried || 'setback' in tried) return tried;
    const read = await this.readOn(tried.lease, books, goesOn);
    return read && 'lease' in read && tried.idleMs === undefined ? { lease: read.lease } : read;
  }

  /** Each movement that is still not taken waits longer by itself: only where the connector cannot be asked at all does the book rest. */
  private async tryHeld(lease: BookLease, books: Books): Promise<Step> {
    const { connection, batchMax } = books;
    const due = await this.held.due(lease.source, batchMax);
    if (due.length === 0) return { lease, idleMs: Infinity };
    const movements = await this.names.concerning(connection, await this.ledger.at(due));
    const sent = await this.send(books, movements, due.some(({ attempts }) => attempts >= APART_AFTER));
    const away = sent.failure?.kind === 'retry';
    const asked = away ? movements.slice(0, sent.reached ?? 0) : movements;
    const pauses = new Map(due.map(({ batch, n, pauseMs }) => [`${batch}.${n}`, pauseMs]));
    const fates = asked.map((movement, index) => {
      const { batch, n } = placeOf(movement);
      return setAside(movement, sent.fates[index] as Fate, nextPauseMs(pauses.get(`${batch}.${n}`) ?? 0, PAUSE));
    });
    const settlement = settlementOf(connection, asked, fates, undefined);
    // What concerns these books no more (its place is not mapped any longer) is held no more.
    const known = new Set(movements.map((movement) => placeOf(movement)).map(({ batch, n }) => `${batch}.${n}`));
    const gone = due.filter(({ batch, n }) => !known.has(`${batch}.${n}`));
    const step = await this.settle(lease, { ...settlement, letGo: [...settlement.letGo, ...gone] });
    return away ? thenRest(step, sent) : step;
  }

  private async readOn(lease: BookLease, books: Books, goesOn: () => boolean): Promise<Step> {
    const { connection, batchMax } = books;
    const page = await this.ledger.list({ after: lease.cursor, committedAfter: lease.committedAfter, limit: PAGE });
    if (page.entries.length === 0) return { lease, idleMs: (await this.ledger.hasMoreToCome()) ? FEED_HELD_BACK_MS : await this.held.nextDueMs(lease.source) };
    const movements = await this.names.concerning(connection, page.entries);
    if (movements.length === 0) return this.settle(lease, settlementOf(connection, [], [], page.next));
    let current = lease;
    for (let start = 0; start < movements.length && goesOn(); start += batchMax) {
      const part = movements.slice(start, start + batchMax);
      const end = start + batchMax < movements.length ? placeOf(part[part.length - 1] as NamedMovement) : page.next;
      const step = await this.write(current, books, { movements: part, end });
      if (!step || 'setback' in step) return step;
      current = step.lease;
    }
    return { lease: current };
  }

  /** What is found guilty of breaking a call stands aside; what is not known of the rest leaves the ledger's cursor before it. */
  private async write(lease: BookLease, books: Books, { movements, end }: Slice): Promise<Step> {
    const sent = await this.send(books, movements, lease.failures >= APART_AFTER);
    const away = sent.failure?.kind === 'retry';
    const settle = (count: number, cursor: LedgerPosition): Promise<Step> => {
      const part = movements.slice(0, count);
      return this.settle(lease, settlementOf(books.connection, part, part.map((movement, index) => setAside(movement, sent.fates[index] as Fate, PAUSE.baseMs)), cursor));
    };
    if (!away && !noneTaken(movements, sent.fates)) return settle(movements.length, end);
    const sure = sureOf(movements, sent, !away && lease.failures >= ASIDE_AFTER);
    const step = sure === 0 ? { lease } : await settle(sure, placeOf(movements[sure - 1] as NamedMovement));
    return thenRest(step, sent);
  }

  private send(books: Books, movements: readonly NamedMovement[], apart: boolean): Promise<Sent> {
    return apart ? this.sending.apart(books, movements) : this.sending.send(books, movements);
  }

  private async settle(lease: BookLease, settlement: Settlement): Promise<Step> {
    const next = await this.leases.settle(lease, settlement);
    return next && { lease: next };
  }
}

/** How many, from the first on, can be settled though the call as a whole has failed: those before it failed, if any was taken, or one that is given up for now. */
function sureOf(movements: readonly NamedMovement[], { fates, reached = 0 }: Sent, patienceIsOver: boolean): number {
  if (movements.slice(0, reached).some(({ posting }, index) => posting && fates[index]?.kind !== 'open')) return reached;
  return patienceIsOver ? movements.findIndex(({ posting }) => posting) + 1 : 0;
}

/** What was settled on the way may have shown that the books are well: the rest that follows is then a first one. */
function thenRest(step: Step, sent: Sent): Step {
  return step && 'lease' in step ? { setback: setbackOf(step.lease, sent) } : step;
}

function setbackOf(lease: BookLease, { fates, failure }: Sent): Setback {
  const open = fates.filter((fate) => fate.kind === 'open');
  const asked = Math.max(0, ...open.map(({ afterMs }) => afterMs));
  const note = failure ? `${failure.code}: ${failure.reason}` : (open[0]?.note ?? '');
  return { note, waitMs: failure?.person ? WAIT_FOR_PERSON_MS : Math.max(asked, nextPauseMs(lease.pauseMs, PAUSE)) };
}
