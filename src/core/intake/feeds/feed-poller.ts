import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import { HubError } from '../../errors/index.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import { databaseOutage } from '../../persistence/database-outage.js';
import { wordsOf } from '../facts/failures.js';
import { FeedLeases, RENEW_FEEDS_EVERY_MS, type FeedClaim, type FeedName } from './feed-leases.js';
import { judgeFailure } from './judge-failure.js';
import { PollFeed } from './poll-feed.js';

/** The topic of the wake-up that says that a feed may be due. */
export const FEEDS_TOPIC = 'feeds';

/** Feeds polled at once by this process; each may hold one page, which the wall bounds at 4 MB. */
const MOST_IN_FLIGHT = 16;
const SWEEP_EVERY_MS = 5_000;
const AFTER_OUTAGE_MS = 1_000;
/** A page may take a minute, and a stop must not: what is not here by then is asked for again by whoever polls next. */
const STOP_WITHIN_MS = 3_000;

interface Flight {
  readonly claim: FeedClaim;
  done: Promise<void>;
}

const keyOf = ({ sourceId, name }: FeedName): string => `${sourceId} ${name}`;

/**
 * Polls the feeds of all enabled connections when they are due, several at a time, each by one replica at a time. Between
 * a page's arrival and its commit lies nothing that a crash could lose: the cursor moves with the records or not at all.
 */
@Injectable()
export class FeedPoller implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(FeedPoller.name);
  private readonly inFlight = new Map<string, Flight>();
  private readonly known = new Set<string>();
  private renewal: NodeJS.Timeout | undefined;
  private nextTurn: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(
    private readonly leases: FeedLeases,
    private readonly feed: PollFeed,
    private readonly connections: ConnectionDirectory,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(FEEDS_TOPIC, () => this.lend(), { sweepEveryMs: SWEEP_EVERY_MS });
    this.connections.onChanged((connection) => {
      const hurried = this.leases.hurry(connection.sourceId).then(() => this.wakeUps.ring(FEEDS_TOPIC));
      hurried.catch((error: unknown) => this.logger.warn(`Connection '${connection.id}' changed, and its feeds could not be told: ${wordsOf(error)}`));
    });
    this.renewal = setInterval(() => void this.renew(), RENEW_FEEDS_EVERY_MS).unref();
  }

  /** Takes no more work, waits a moment for what is in flight, and gives back the rest. */
  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    clearInterval(this.renewal);
    clearTimeout(this.nextTurn);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.idle(), new Promise((resolve) => (timer = setTimeout(resolve, STOP_WITHIN_MS)))]);
    clearTimeout(timer);
    const left = [...this.inFlight.values()].map(({ claim }) => claim);
    if (left.length > 0) await this.leases.abandon(left).catch(() => undefined);
  }

  /** Takes what is due, as far as there is room, and sets the clock for the next turn. The work goes on beside it. */
  async lend(): Promise<void> {
    const room = MOST_IN_FLIGHT - this.inFlight.size;
    if (this.stopping || room <= 0) return;
    const feeds = (await this.declared()).filter((feed) => !this.inFlight.has(keyOf(feed)));
    if (feeds.length === 0) return;
    for (const claim of await this.leases.claim(feeds, room)) {
      const flight: Flight = { claim, done: Promise.resolve() };
      this.inFlight.set(keyOf(claim), flight);
      flight.done = this.serve(claim);
    }
    const dueMs = await this.leases.nextDueMs(feeds);
    if (dueMs !== undefined) this.ringIn(dueMs);
  }

  /** Resolves when no feed is polled by this process. */
  async idle(): Promise<void> {
    while (this.inFlight.size > 0) await Promise.all([...this.inFlight.values()].map(({ done }) => done));
  }

  /**
   * Renews the leases of what is in flight, and lets go of what is this process's no more: whatever still comes of it is
   * refused, and a feed that was reset need not wait for an outside system that does not answer.
   */
  async renew(): Promise<void> {
    const flights = [...this.inFlight.values()];
    if (flights.length === 0) return;
    try {
      const held = new Set((await this.leases.renew(flights.map(({ claim }) => claim))).map(keyOf));
      const lost = flights.filter((flight) => !held.has(keyOf(flight.claim)) && this.inFlight.get(keyOf(flight.claim)) === flight);
      for (const { claim } of lost) this.inFlight.delete(keyOf(claim));
      if (lost.length > 0) this.ringIn(0);
    } catch (error) {
      this.logger.warn(`Leases of feeds could not be renewed: ${wordsOf(error)}`);
    }
  }

  /** The feeds of every enabled connection, each with its row. */
  private async declared(): Promise<FeedName[]> {
    const feeds = (await this.connections.all()).filter(({ enabled }) => enabled).flatMap(({ sourceId, manifest }) =>
      (manifest.capabilities.sources?.feeds ?? []).map(({ name }) => ({ sourceId, name })));
    const fresh = feeds.filter((feed) => !this.known.has(keyOf(feed)));
    if (fresh.length > 0) await this.leases.ensure(fresh);
    for (const feed of fresh) this.known.add(keyOf(feed));
    return feeds;
  }

  private async serve(claim: FeedClaim): Promise<void> {
    let again = 0;
    try {
      await this.feed.run(claim, () => this.stopping);
    } catch (error) {
      again = AFTER_OUTAGE_MS;
      await this.recover(claim, error);
    }
    // It may have been let go of already, and taken again.
    if (this.inFlight.get(keyOf(claim))?.claim === claim) this.inFlight.delete(keyOf(claim));
    this.ringIn(again);
  }

  /** Nothing was stored. After an outage the feed is still lent to this process, which takes it again; a fault of the hub's own is shown with the feed. */
  private async recover(claim: FeedClaim, error: unknown): Promise<void> {
    if (this.stopping) return;
    this.logger.warn(`A page of feed '${claim.name}' of source ${claim.sourceId} could not be stored and is polled again: ${wordsOf(error)}`);
    if (databaseOutage(error) || error instanceof HubError) return;
    await this.leases.fail(claim, judgeFailure(new HubError('INTERNAL', { detail: wordsOf(error), cause: error }), claim.pauseMs)).catch(() => undefined);
  }

  /** One clock for the next turn: each ring finds out anew when that is. */
  private ringIn(ms: number): void {
    if (this.stopping) return;
    clearTimeout(this.nextTurn);
    if (ms === 0) this.wakeUps.ring(FEEDS_TOPIC);
    else this.nextTurn = setTimeout(() => this.wakeUps.ring(FEEDS_TOPIC), Math.min(ms + 5, SWEEP_EVERY_MS)).unref();
  }
}
