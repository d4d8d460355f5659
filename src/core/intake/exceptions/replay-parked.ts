import type { CanonicalEvent } from '@crossdock/connector-sdk';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import type { Connection } from '../../connector/connection.js';
import { CrossReferences } from '../../mapping/cross-references.js';
import type { ReferencesSaved } from '../../mapping/reference.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import type { Queryable } from '../../persistence/database.js';
import { blamesFact, wordsOf } from '../facts/failures.js';
import { isolate } from '../facts/isolate.js';
import { RecordEvents, type EventOutcome } from '../facts/record-events.js';
import { keysOf, unreadable } from './causes.js';
import { deliveryKey, type Holding } from './hold-back.js';
import { ParkedStore, type ParkedEvent } from './parked-store.js';

export const PARKED_TOPIC = 'intake.parked';

const SWEEP_EVERY_MS = 10_000;
const MOST_EVENTS_A_BATCH = 500;
/** How many exceptions one run looks at beyond those that are due: a large park is gone through over several sweeps. */
const MOST_CAUSES_A_RUN = 500;

/**
 * Applies parked events when what they wait for has appeared. Saving a cross-reference, an item or a location marks the
 * exceptions that wait for it as due, in the same transaction, and rings; whatever slips through (saved a moment before
 * the event was parked, say) is found by a sweep that tries one event of each open exception in turn.
 */
@Injectable()
export class ReplayParked implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(ReplayParked.name);
  private cursor = 0;
  private stopping = false;

  constructor(
    private readonly store: ParkedStore,
    private readonly recorder: RecordEvents,
    private readonly connections: ConnectionDirectory,
    private readonly references: CrossReferences,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(PARKED_TOPIC, () => this.run(), { sweepEveryMs: SWEEP_EVERY_MS });
    this.references.onSaved((tx, saved) => this.saved(tx, saved));
  }

  onModuleDestroy(): void {
    this.stopping = true;
  }

  /** One round: everything that is due, then the next part of the open exceptions. */
  async run(): Promise<void> {
    for (const due of await this.store.due()) {
      if (this.stopping) return;
      await this.drain(due.id);
      await this.store.looked(due);
    }
    await this.probe();
  }

  private async saved(tx: Queryable, saved: ReferencesSaved): Promise<(() => void) | undefined> {
    const marked = await this.store.markDue(tx, saved.sourceId, keysOf(saved));
    return marked > 0 ? () => this.wakeUps.ring(PARKED_TOPIC) : undefined;
  }

  /** Tries one event of each exception; where it could be applied, the others are likely to follow. */
  private async probe(): Promise<void> {
    const samples = await this.store.samples(this.cursor, MOST_CAUSES_A_RUN);
    this.cursor = samples.length < MOST_CAUSES_A_RUN ? 0 : (samples.at(-1)?.exceptionId ?? 0);
    const applied = await this.replay(samples);
    for (const { exceptionId } of samples.filter(({ id }) => applied.has(id))) {
      if (this.stopping) return;
      await this.drain(exceptionId);
    }
  }

  /** Goes through what one exception holds, oldest first, until its end or until a whole batch has got nowhere. */
  private async drain(exceptionId: number): Promise<void> {
    for (let after = 0; !this.stopping;) {
      const events = await this.store.heldBy(exceptionId, after, MOST_EVENTS_A_BATCH);
      const applied = await this.replay(events);
      if (events.length < MOST_EVENTS_A_BATCH || applied.size === 0) break;
      after = events.at(-1)?.id ?? after;
    }
  }

  /** Answers which events are no longer held. Those of a connection that is off or gone stay as they are. */
  private async replay(events: readonly ParkedEvent[]): Promise<Set<number>> {
    const applied = new Set<number>();
    for (const [sourceId, ofSource] of Map.groupBy(events, (event) => event.sourceId)) {
      try {
        const connection = await this.connections.bySource(sourceId);
        if (!connection?.enabled) continue;
        for (const id of await this.replayOne(connection, ofSource)) applied.add(id);
      } catch (error) {
        this.logger.warn(`Parked events of source ${sourceId} could not be replayed: ${wordsOf(error)}`);
      }
    }
    return applied;
  }

  private async replayOne(connection: Connection, events: readonly ParkedEvent[]): Promise<number[]> {
    const run = (part: readonly ParkedEvent[]): Promise<EventOutcome[]> => this.recorder.record(connection, part);
    const results = await isolate(events, run, blamesFact);
    const freed: number[] = [];
    const heldElsewhere: { id: number; holding: Holding }[] = [];
    results.forEach((result, index) => {
      const parked = events[index] as ParkedEvent;
      if (result.kind === 'failed') return;
      const { value: outcome } = result;
      if (outcome.kind === 'applied' || outcome.kind === 'repeated') freed.push(parked.id);
      else if (outcome.kind === 'invalid') heldElsewhere.push({ id: parked.id, holding: unreadableDelivery(parked, outcome.reason) });
      else if (outcome.causes.map((cause) => `${cause.class}\n${cause.cause}`).sort().join('\n\n') !== parked.causes) heldElsewhere.push({ id: parked.id, holding: { ...parked, causes: outcome.causes } });
    });
    await this.store.free(freed, heldElsewhere);
    return freed;
  }
}

/** What was sound when it was parked and is not any more (rules changed since) is read again as a whole, on a person's word. */
function unreadableDelivery(parked: ParkedEvent, reason: string): Holding {
  const { sourceId, deliveryId, correlationId, event } = parked;
  return { sourceId, key: deliveryKey(deliveryId), deliveryId, event: null, correlationId, causes: [unreadable((event as CanonicalEvent).kind, reason)] };
}
