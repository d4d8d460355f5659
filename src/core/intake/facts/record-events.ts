import type { CanonicalEvent, ExternalRef } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import type { StockMovement, StockObservation } from '../../canonical/index.js';
import type { Connection } from '../../connector/connection.js';
import { CrossReferences } from '../../mapping/cross-references.js';
import type { MappedEntity } from '../../mapping/reference.js';
import { rejected, unmapped } from '../exceptions/causes.js';
import type { Cause } from '../exceptions/hold-back.js';
import { StockFacts, type MovementOutcome, type ObservationOutcome } from '../stock-facts.js';
import { movementOf, observationOf, type ResolvedEvent } from './canonical-fact.js';
import { checkEvent } from './check-event.js';

export interface EventEntry {
  readonly event: CanonicalEvent;
  readonly correlationId: string;
}

export type EventOutcome =
  | { readonly kind: 'applied' }
  /** The ledger knew the fact, or a newer figure. */
  | { readonly kind: 'repeated' }
  | { readonly kind: 'held'; readonly causes: readonly Cause[] }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Turns what a connector told into facts of the ledger: checked, named canonically, recorded in bulk. */
@Injectable()
export class RecordEvents {
  constructor(
    private readonly references: CrossReferences,
    private readonly facts: StockFacts,
  ) {}

  /**
   * One outcome an event, in order, after the ledger's commit. An event that cannot be applied keeps no other from it.
   * Repeating a call is harmless: the ledger applies each fact once. Throws when the whole call failed; then any part may
   * have been recorded.
   */
  async record(connection: Connection, entries: readonly EventEntry[]): Promise<EventOutcome[]> {
    const nowMs = Date.now();
    const outcomes: (EventOutcome | undefined)[] = entries.map(({ event }) => {
      const reason = checkEvent(event, nowMs);
      return reason === undefined ? undefined : { kind: 'invalid', reason };
    });
    const resolved = await this.resolve(connection, entries, outcomes);
    const [movements, observations] = [this.pick(resolved, 'StockMoved', movementOf), this.pick(resolved, 'StockObserved', observationOf)];
    const handler = this.facts.get();
    if (movements.facts.length > 0) this.settle(outcomes, movements, await handler.recordMovements(movements.facts));
    if (observations.facts.length > 0) this.settle(outcomes, observations, await handler.recordObservations(observations.facts));
    return outcomes as EventOutcome[];
  }

  /** Finds the canonical names in bulk; an event that misses one is held. */
  private async resolve(connection: Connection, entries: readonly EventEntry[], outcomes: (EventOutcome | undefined)[]): Promise<Map<number, ResolvedEvent>> {
    const sound = entries.flatMap((entry, index) => (outcomes[index] ? [] : [{ ...entry, index }]));
    const [items, locations] = await Promise.all([
      this.codes(connection, 'item', sound.map(({ event }) => event.item)),
      this.codes(connection, 'location', sound.map(({ event }) => event.location)),
    ]);
    const resolved = new Map<number, ResolvedEvent>();
    sound.forEach(({ event, correlationId, index }, place) => {
      const [item, location] = [items[place], locations[place]];
      if (item !== undefined && location !== undefined) resolved.set(index, { source: connection.sourceId, event, item, location, correlationId });
      else {
        const causes = [
          ...(item === undefined ? [unmapped('item', event.item, connection.matchItemsBy)] : []),
          ...(location === undefined ? [unmapped('location', event.location, connection.matchItemsBy)] : []),
        ];
        outcomes[index] = { kind: 'held', causes };
      }
    });
    return resolved;
  }

  /** Asks once for each name: a batch names few locations and repeats its best sellers. */
  private async codes(connection: Connection, entity: MappedEntity, refs: readonly ExternalRef[]): Promise<(string | undefined)[]> {
    if (refs.length === 0) return [];
    const key = (ref: ExternalRef): string => `${ref.type}\n${ref.id}\n${ref.sku ?? ''}`;
    const distinct = new Map(refs.map((ref) => [key(ref), ref]));
    const codes = await this.references.resolve(connection.sourceId, entity, [...distinct.values()], connection.matchItemsBy);
    const found = new Map([...distinct.keys()].map((name, index) => [name, codes[index]]));
    return refs.map((ref) => found.get(key(ref)));
  }

  private pick<Kind extends CanonicalEvent['kind'], Fact extends StockMovement | StockObservation>(
    resolved: ReadonlyMap<number, ResolvedEvent>, kind: Kind, convert: (resolved: ResolvedEvent, event: Extract<CanonicalEvent, { kind: Kind }>) => Fact,
  ): { facts: Fact[]; sources: { index: number; resolved: ResolvedEvent }[] } {
    const facts: Fact[] = [];
    const sources: { index: number; resolved: ResolvedEvent }[] = [];
    for (const [index, one] of resolved) {
      if (one.event.kind !== kind) continue;
      facts.push(convert(one, one.event as Extract<CanonicalEvent, { kind: Kind }>));
      sources.push({ index, resolved: one });
    }
    return { facts, sources };
  }

  private settle(outcomes: (EventOutcome | undefined)[], { sources }: { sources: { index: number; resolved: ResolvedEvent }[] }, answers: readonly (MovementOutcome | ObservationOutcome)[]): void {
    sources.forEach(({ index, resolved: { event, item, location } }, place) => {
      const answer = answers[place] as MovementOutcome | ObservationOutcome;
      if (answer.status === 'applied') outcomes[index] = { kind: 'applied' };
      else if (answer.status !== 'rejected') outcomes[index] = { kind: 'repeated' };
      else outcomes[index] = { kind: 'held', causes: [rejected(answer.code, { item, location, fact: event.kind === 'StockMoved' ? event.movement : 'count' })] };
    });
  }
}
