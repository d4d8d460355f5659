import type { MovementSinkCapability } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import type { Connection } from '../../../core/connector/connection.js';
import { nextPauseMs } from '../../../core/intake/facts/backoff.js';
import { ReadLedger, type LedgerPosition } from '../ledger/read-ledger.js';
import { BookLeases, type BookLease, type Setback, type Settlement } from './book-lease.js';
import { HeldPostings, type DuePosting } from './held-postings.js';
import { NameMovements, type NamedMovement } from './name-movements.js';
import { placeOf, SendPostings, setAside, settlementOf, type Fate, type Sent } from './send-postings.js';

const PAUSE = { baseMs: 250, capMs: 60_000 };
/** While a person must act on the connection itself, its book rests this long; a change of the connection ends the rest. */
const WAIT_FOR_PERSON_MS = 15_000;
const PAGE = 2_000;
/** How soon the feed is looked at again while a transaction that is open holds its newest entries back. */
const FEED_HELD_BACK_MS = 200;
/** After so many failures in a row each movement is sent alone, since one of them may be what breaks the others' call. */
const ALONE_AFTER = 2;
/** When so many in a row fail alone and none succeeds, the books are ill and not the movements. */
const MOST_SUSPECTS = 3;
/** After so many failures one movement a turn is set aside in any case, so that those behind it are asked about too. */
const ASIDE_AFTER = 6;

/**
 * The lease to go on with, or a rest; undefined when the book is in no hands of ours any more. `idleMs`: there was nothing to
 * do, and there may be so much later (Infinity where nobody knows).
 */
export type Step = { readonly lease: BookLease; readonly idleMs?: number } | { readonly setback: Setback } | undefined;

/** What is to be sent together, and how far the ledger is settled by it. */
interface Slice {
  readonly connection: Connection;
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
  async turn(lease: BookLease, connection: Connection, sink: MovementSinkCapability, goesOn: () => boolean): Promise<Step> {
    const tried = await this.tryHeld(lease, connection, sink.batchMax);
    if (!tried || 'setback' in tried) return tried;
    const read = await this.readOn(tried.lease, connection, sink.batchMax, goesOn);
    return read && 'lease' in read && tried.idleMs === undefined ? { lease: read.lease } : read;
  }

  /** Each movement that is still not taken waits longer by itself: only where the connector cannot be asked at all does the book rest. */
  private async tryHeld(lease: BookLease, connection: Connection, batchMax: number): Promise<Step> {
    const due = companions(await this.held.due(lease.source, batchMax));
    if (due.length === 0) return { lease, idleMs: Infinity };
    const movements = await this.names.concerning(connection, await this.ledger.at(due));
    const sent = await this.sending.send(connection, movements);
    if (sent.failure?.kind === 'retry') return { setback: setbackOf(lease, sent) };
    const pauses = new Map(due.map(({ batch, n, pauseMs }) => [`${batch}.${n}`, pauseMs]));
    const fates = movements.map((movement, index) => {
      const { batch, n } = placeOf(movement);
      return setAside(movement, sent.fates[index] as Fate, nextPauseMs(pauses.get(`${batch}.${n}`) ?? 0, PAUSE));
    });
    const settlement = settlementOf(movements, fates, undefined);
    // What concerns these books no more (its place is not mapped any longer) is held no more.
    const known = new Set(movements.map((movement) => placeOf(movement)).map(({ batch, n }) => `${batch}.${n}`));
    const gone = due.filter(({ batch, n }) => !known.has(`${batch}.${n}`));
    return this.settle(lease, { ...settlement, letGo: [...settlement.letGo, ...gone] });
  }

  private async readOn(lease: BookLease, connection: Connection, batchMax: number, goesOn: () => boolean): Promise<Step> {
    const page = await this.ledger.list({ after: lease.cursor, committedAfter: lease.committedAfter, limit: PAGE });
    if (page.entries.length === 0) return { lease, idleMs: (await this.ledger.hasMoreToCome()) ? FEED_HELD_BACK_MS : await this.held.nextDueMs(lease.source) };
    const movements = await this.names.concerning(connection, page.entries);
    if (movements.length === 0) return this.settle(lease, settlementOf([], [], page.next));
    let current = lease;
    for (let start = 0; start < movements.length && goesOn(); start += batchMax) {
      const part = movements.slice(start, start + batchMax);
      const end = start + batchMax < movements.length ? placeOf(part[part.length - 1] as NamedMovement) : page.next;
      const slice = { connection, movements: part, end };
      const step = current.failures < ALONE_AFTER ? await this.together(current, slice) : await this.alone(current, slice);
      if (!step || 'setback' in step) return step;
      current = step.lease;
    }
    return { lease: current };
  }

  private async together(lease: BookLease, { connection, movements, end }: Slice): Promise<Step> {
    const sent = await this.sending.send(connection, movements);
    const open = sent.fates.filter((fate) => fate.kind === 'open').length;
    if (open > 0 && open === movements.filter(({ posting }) => posting).length) return { setback: setbackOf(lease, sent) };
    return this.settle(lease, settlementOf(movements, sent.fates.map((fate, index) => setAside(movements[index] as NamedMovement, fate, PAUSE.baseMs)), end));
  }

  /** One at a time. The first that succeeds clears the books and convicts those which failed just before it. */
  private async alone(lease: BookLease, { connection, movements, end }: Slice): Promise<Step> {
    let current = lease;
    let proved = false;
    let pending: { readonly movement: NamedMovement; readonly fate: Fate }[] = [];
    const settlePending = (cursor: LedgerPosition): Promise<Step> => {
      const fates = pending.map(({ movement, fate }) => setAside(movement, fate, PAUSE.baseMs));
      return this.settle(current, settlementOf(pending.map(({ movement }) => movement), fates, cursor));
    };
    for (const movement of movements) {
      const sent = await this.sending.send(connection, [movement]);
      if (sent.failure?.kind === 'retry') return { setback: setbackOf(lease, sent) };
      const fate = sent.fates[0] as Fate;
      pending.push({ movement, fate });
      const suspects = pending.filter((one) => one.fate.kind === 'open').length;
      const answered = answers(movement, fate);
      proved ||= answered;
      if (answered || (lease.failures >= ASIDE_AFTER && suspects === 1 && current === lease)) {
        const step = await settlePending(placeOf(movement));
        if (!step || 'setback' in step) return step;
        current = step.lease;
        pending = [];
      } else if (suspects >= MOST_SUSPECTS) return { setback: setbackOf(lease, sent) };
    }
    const suspected = pending.find((one) => one.fate.kind === 'open');
    if (suspected && !proved) return { setback: setbackOf(lease, { fates: [suspected.fate] }) };
    return settlePending(end);
  }

  private async settle(lease: BookLease, settlement: Settlement): Promise<Step> {
    const next = await this.leases.settle(lease, settlement);
    return next && { lease: next };
  }
}

/** A held movement that has failed several times may be what breaks the others' call: it goes alone. */
function companions(due: readonly DuePosting[]): readonly DuePosting[] {
  const [first] = due;
  return first && first.attempts >= ALONE_AFTER ? [first] : due.filter(({ attempts }) => attempts < ALONE_AFTER);
}

/** Whether the books have said something about the movement itself. */
function answers({ posting }: NamedMovement, fate: Fate): boolean {
  return posting !== undefined && fate.kind !== 'open';
}

function setbackOf(lease: BookLease, { fates, failure }: Sent): Setback {
  const open = fates.filter((fate) => fate.kind === 'open');
  const asked = Math.max(0, ...open.map(({ afterMs }) => afterMs));
  const note = failure ? `${failure.code}: ${failure.reason}` : (open[0]?.note ?? '');
  return { note, waitMs: failure?.person ? WAIT_FOR_PERSON_MS : Math.max(asked, nextPauseMs(lease.pauseMs, PAUSE)) };
}
