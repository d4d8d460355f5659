import type { PostResult } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import { callFailure, type CallFailure } from '../../../core/connector/call-failure.js';
import type { Connection } from '../../../core/connector/connection.js';
import { PluginHost } from '../../../core/connector/plugin-host.js';
import { invariant } from '../../../core/errors/index.js';
import { parsePosition, type LedgerPosition } from '../ledger/read-ledger.js';
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
  /** Where the call failed whole. */
  readonly failure?: CallFailure;
}

/** Hands movements over to the connector, in one call, and says what became of each. Writes nothing here. */
@Injectable()
export class SendPostings {
  constructor(private readonly host: PluginHost) {}

  /** At most the connector's `batchMax`. What has no name yet is held without being sent. */
  async send(connection: Connection, movements: readonly NamedMovement[]): Promise<Sent> {
    const postings = movements.flatMap(({ posting }) => posting ?? []);
    try {
      const results = postings.length > 0 ? await this.host.postMovements(connection, postings) : [];
      let next = 0;
      return { fates: movements.map((movement) => (movement.posting ? fateOf(movement, results[next++]) : unmapped(connection, movement))) };
    } catch (error) {
      const failure = callFailure(error);
      return { failure, fates: movements.map((movement) => (movement.posting ? fateInFailure(movement, failure, postings.length) : unmapped(connection, movement))) };
    }
  }
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
export function settlementOf(movements: readonly NamedMovement[], fates: readonly Fate[], cursor: LedgerPosition | undefined): Settlement {
  const count = (outcome: string): number => fates.filter((fate) => fate.kind === 'settled' && fate.outcome === outcome).length;
  return {
    cursor, applied: count('applied'), duplicate: count('duplicate'), unchanged: count('unchanged'),
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
