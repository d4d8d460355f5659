import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import type { Connection } from '../../connector/connection.js';
import { HubError } from '../../errors/index.js';
import { CrossReferences } from '../../mapping/cross-references.js';
import type { ReferencesSaved } from '../../mapping/reference.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import type { Queryable } from '../../persistence/database.js';
import { blamesFact, wordsOf } from '../facts/failures.js';
import { isolate, type Isolated } from '../facts/isolate.js';
import { RecordEvents, type EventOutcome } from '../facts/record-events.js';
import { failing, keysOf, unreadable } from './causes.js';
import { deliveryKey, type Cause, type Holding } from './hold-back.js';
import { ParkedStore, type DueException, type ParkedEvent } from './parked-store.js';

export const PARKED_TOPIC = 'intake.parked';

const SWEEP_EVERY_MS = 10_000;
const MOST_EVENTS_A_BATCH = 500;
/** So much of one exception is done before the next has its turn: a large park holds up no small one. */
const MOST_BATCHES_A_TURN = 10;
/** How many exceptions one run looks at beyond those that are due: there may be many, and a sweep comes again. */
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

  /** One round: a turn for everything that is due, then the next part of the open exceptions. */
  async run(): Promise<void> {
    let more = false;
    for (const due of await this.store.due()) {
      if (this.stopping) return;
      const done = await this.drain(due);
      await this.store.looked(due, done);
      more ||= !done;
    }
    more = (await this.probe()) || more;
    if (more) this.wakeUps.ring(PARKED_TOPIC);
  }

  private async saved(tx: Queryable, saved: ReferencesSaved): Promise<(() => void) | undefined> {
    const marked = await this.store.markDue(tx, saved.sourceId, keysOf(saved));
    return marked > 0 ? () => this.wakeUps.ring(PARKED_TOPIC) : undefined;
  }

  /** Tries one event of each exception; where it could be applied, the others are likely to follow. Answers whether any did. */
  private async probe(): Promise<boolean> {
    const samples = await this.store.samples(this.cursor, MOST_CAUSES_A_RUN);
    this.cursor = samples.length < MOST_CAUSES_A_RUN ? 0 : (samples.at(-1)?.exceptionId ?? 0);
    const stuck = await this.replay(samples);
    return this.store.follow(samples.filter(({ id }) => !stuck.has(id)).map(({ exceptionId }) => exceptionId));
  }

  /**
   * A turn of one exception, oldest events first. A cause that the hub watches is there or is not: the first batch with an
   * event that still waits for it ends the turn. Answers whether this exception is done with, for now.
   */
  private async drain({ id: exceptionId, automatic }: DueException): Promise<boolean> {
    let after = 0;
    for (let batches = 0; batches < MOST_BATCHES_A_TURN; batches += 1) {
      const events = await this.store.heldBy(exceptionId, after, MOST_EVENTS_A_BATCH);
      const stuck = await this.replay(events);
      if (events.length < MOST_EVENTS_A_BATCH || (automatic && stuck.size > 0) || this.stopping) return true;
      after = events.at(-1)?.id ?? after;
    }
    return false;
  }

  /** Answers which events wait for the same as before. Those of a connection that is off or gone do. */
  private async replay(events: readonly ParkedEvent[]): Promise<Set<number>> {
    const stuck = new Set<number>();
    // An event that several exceptions hold may be named by each of them.
    const distinct = new Map(events.map((event) => [event.id, event])).values();
    for (const [sourceId, ofSource] of Map.groupBy(distinct, (event) => event.sourceId)) {
      let stay = ofSource;
      try {
        const connection = await this.connections.bySource(sourceId);
        if (connection?.enabled) stay = await this.replayOf(connection, ofSource);
      } catch (error) {
        this.logger.warn(`Parked events of source ${sourceId} could not be replayed: ${wordsOf(error)}`);
      }
      for (const { id } of stay) stuck.add(id);
    }
    return stuck;
  }

  private async replayOf(connection: Connection, events: readonly ParkedEvent[]): Promise<ParkedEvent[]> {
    const results = await isolate(events, (part) => this.recorder.record(connection, part), blamesFact);
    const applied: number[] = [];
    const moved: { id: number; holding: Holding }[] = [];
    const stuck: ParkedEvent[] = [];
    events.forEach((parked, index) => {
      const result = results[index] as Isolated<EventOutcome>;
      const fate = result.kind === 'ok' ? fateOf(parked, result.value) : broken(parked, result.error);
      if (fate === 'applied') applied.push(parked.id);
      else if (fate === 'stuck') stuck.push(parked);
      else moved.push({ id: parked.id, holding: fate });
    });
    await this.store.free(applied, moved, stuck.length);
    return stuck;
  }
}

/** Applied, stuck where it was, or held for another reason from now on. */
function fateOf(parked: ParkedEvent, outcome: EventOutcome): 'applied' | 'stuck' | Holding {
  if (outcome.kind === 'applied' || outcome.kind === 'repeated') return 'applied';
  if (outcome.kind === 'invalid') return unreadableDelivery(parked, outcome.reason);
  return causesOf(outcome.causes) === parked.causes ? 'stuck' : { ...parked, causes: outcome.causes };
}

/** It makes the ledger fail each time, by itself: a person has to look, and those behind it must not wait for it. */
function broken(parked: ParkedEvent, error: unknown): Holding {
  return { ...parked, causes: [failing(error instanceof HubError ? error.code : 'INTERNAL', parked.event.kind, wordsOf(error))] };
}

function causesOf(causes: readonly Cause[]): string {
  return causes.map((cause) => `${cause.class}\n${cause.cause}`).sort().join('\n\n');
}

/** What was sound when it was parked and is not any more (rules changed since) is read again as a whole, on a person's word. */
function unreadableDelivery({ sourceId, deliveryId, correlationId, event }: ParkedEvent, reason: string): Holding {
  return { sourceId, key: deliveryKey(deliveryId), deliveryId, event: null, correlationId, causes: [unreadable(event.kind, reason)] };
}
