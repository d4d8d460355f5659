import type { PostResult } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import { callFailure, type CallFailure } from '../../../core/connector/call-failure.js';
import type { Connection } from '../../../core/connector/connection.js';
import { PluginHost } from '../../../core/connector/plugin-host.js';
import { invariant } from '../../../core/errors/index.js';
import { Tracing } from '../../../core/observability/tracing/tracing.js';
import { parsePosition, type LedgerPosition } from '../ledger/read-ledger.js';
import { isolate } from '../../../core/intake/facts/isolate.js';
import type { Settlement } from './book-lease.js';
import type { Holding } from './held-postings.js';
import type { NamedMovement } from './name-movements.js';

/** What one movement has come to. `open`: nobody knows yet, or not now. */
export type Fate =
  | { readonly kind: 'settled'; readonly outcome: 'applied' | 'duplicate' | 'unchanged' }
  | { readonly kind: 'held'; readonly holding: Holding }
  | { readonly kind: 'open'; readonly note: string; readonly afterMs: number };

export interface Sent {
  /** One a movement, in order. */
  readonly fates: readonly Fate[];
  /** Where a call failed whole. */
  readonly failure?: CallFailure;
  /** Of how many, from the first on, the fate is known; those behind them are open because nobody was asked. All, where it is left out. */
  readonly reached?: number;
}

/** Books that are worked on. */
export interface Books {
  readonly connection: Connection;
  /** Most movements in one call. */
  readonly batchMax: number;
  /** Whether they are surely still ours to write into. */
  readonly mayGo: () => boolean;
}

/** Hands movements over to the connector and says what became of each. Writes nothing here. */
@Injectable()
export class SendPostings {
  constructor(
    private readonly host: PluginHost,
    private readonly tracing: Tracing,
  ) {}

  /** In one call, at most `batchMax`. What has no name yet is held without being sent. */
  async send({ connection, mayGo }: Books, movements: readonly NamedMovement[]): Promise<Sent> {
    const postings = movements.flatMap(({ posting }) => posting ?? []);
    try {
      const results = postings.length > 0 ? await this.post(connection, movements, () => this.host.postMovements(connection, postings, mayGo)) : [];
      let next = 0;
      return { fates: movements.map((movement) => (movement.posting ? fateOf(movement, results[next++]) : unmapped(connection, movement))) };
    } catch (error) {
      const failure = callFailure(error);
      return { failure, fates: movements.map((movement) => (movement.posting ? fateInFailure(movement, failure, postings.length) : unmapped(connection, movement))) };
    }
  }

  private post<T>({ id }: Connection, movements: readonly NamedMovement[], work: () => Promise<T>): Promise<T> {
    const posted = movements.filter(({ posting }) => posting);
    return this.tracing.batch(
      () => ({ name: 'books.batch', part: 'books.post', kind: 'producer', of: posted.map(({ entry }) => entry.correlationId), attributes: { 'crossdock.connection': id, 'crossdock.movements': posted.length } }), work);
  }

  /**
   * Likewise, but a call of which nothing was taken is halved until whoever breaks it stands alone: what is open then is to
   * blame for it by itself. Where all that were asked alone were not taken, none is, and all of them are open.
   */
  async apart(books: Books, movements: readonly NamedMovement[]): Promise<Sent> {
    const { connection } = books;
    const fates = new Map<NamedMovement, Fate>();
    const asked = movements.filter(({ posting }) => posting);
    const ask = async (part: readonly NamedMovement[]): Promise<readonly Fate[]> => {
      const sent = await this.send(books, part);
      const taken = sent.failure?.kind !== 'retry' && !noneTaken(part, sent.fates);
      // Who was picked at random is asked again in turn, and is then found to be there.
      const news = taken || (part.length === 1 && sent.failure?.kind !== 'retry') ? part.filter((movement) => fates.get(movement)?.kind !== 'settled') : [];
      for (const movement of news) fates.set(movement, sent.fates[part.indexOf(movement)] as Fate);
      if (!taken) throw new NotTaken(sent);
      return sent.fates;
    };
    try {
      await isolate(asked, ask, (error) => error instanceof NotTaken && error.sent.failure?.kind !== 'retry');
      return { fates: movements.map((movement) => fates.get(movement) ?? unmapped(connection, movement)) };
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      const { failure, fates: [last] } = error.sent;
      const reached = movements.findIndex((movement) => movement.posting && !fates.has(movement));
      return { failure, reached: reached < 0 ? movements.length : reached, fates: movements.map((movement) => (movement.posting ? (fates.get(movement) ?? (last as Fate)) : unmapped(connection, movement))) };
    }
  }
}

class NotTaken extends Error {
  constructor(readonly sent: Sent) {
    super('nothing of a call was taken');
  }
}

/** Whether something was sent and nothing is known of any of it. */
export function noneTaken(movements: readonly NamedMovement[], fates: readonly Fate[]): boolean {
  const sent = fates.filter((_, index) => movements[index]?.posting);
  return sent.length > 0 && sent.every(({ kind }) => kind === 'open');
}

export function placeOf({ entry }: NamedMovement): LedgerPosition {
  const place = parsePosition(entry.position);
  invariant(place, `'${entry.position}' is no place in the ledger`);
  return place;
}

/** An open fate becomes a held movement, which is tried again by itself; its key makes that harmless. */
export function setAside(movement: NamedMovement, fate: Fate, pauseMs: number): Fate {
  if (fate.kind !== 'open') return fate;
  const detail = fate.note || 'The connector did not say why.';
  return { kind: 'held', holding: { place: placeOf(movement), class: 'DELAYED', cause: 'not now', detail, dueInMs: Math.max(fate.afterMs, pauseMs) } };
}

/** The sum of fates, none of which is open. */
export function settlementOf({ plugin }: Connection, movements: readonly NamedMovement[], fates: readonly Fate[], cursor: LedgerPosition | undefined): Settlement {
  return {
    cursor, plugin,
    written: movements.flatMap(({ entry }, index) => {
      const fate = fates[index];
      return fate?.kind === 'settled' ? { outcome: fate.outcome, recordedAt: new Date(entry.recordedAt) } : [];
    }),
    hold: fates.flatMap((fate) => (fate.kind === 'held' ? fate.holding : [])),
    letGo: movements.flatMap((movement, index) => (fates[index]?.kind === 'settled' ? placeOf(movement) : [])),
  };
}

function unmapped({ id, manifest, matchItemsBy }: Connection, movement: NamedMovement): Fate {
  const { item } = movement.entry;
  const type = manifest.capabilities.movementSink?.itemReference ?? '';
  const detail = `No cross-reference of type '${type}' says what '${id}' calls the item '${item}'${matchItemsBy === 'sku' ? ', and it has no SKU' : ''}.`;
  return { kind: 'held', holding: { place: placeOf(movement), class: 'UNMAPPED_ITEM', cause: item, detail, waitsFor: item } };
}

function rejected(movement: NamedMovement, code: string, detail: string): Fate {
  return { kind: 'held', holding: { place: placeOf(movement), class: 'REJECTED', cause: code, detail: detail || 'The connector did not say why.' } };
}

/** A refusal of the whole call is one of a posting only where it was sent alone. */
function fateInFailure(movement: NamedMovement, { kind, code, reason, afterMs = 0 }: CallFailure, sent: number): Fate {
  return kind === 'rejected' && sent === 1 ? rejected(movement, code, reason) : { kind: 'open', note: `${code}: ${reason}`, afterMs };
}

function fateOf(movement: NamedMovement, result: PostResult | undefined): Fate {
  switch (result?.kind) {
    case 'applied':
    case 'duplicate':
    case 'unchanged':
      return { kind: 'settled', outcome: result.kind };
    case 'rejected':
      return rejected(movement, result.code, result.detail);
    case 'retry':
      return { kind: 'open', note: result.reason, afterMs: result.afterMs };
    case 'ambiguous':
    case undefined:
      return { kind: 'open', note: result?.reason ?? 'no result', afterMs: 0 };
  }
}
