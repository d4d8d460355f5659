import type { ChannelEvidence, Evidence, SystemFact } from './evidence.js';
import { arrivals, firstAfter } from './lag.js';
import { poolTimelines, type FreeChange } from './timeline.js';
import { Findings, type Verdict } from './verdict.js';

/**
 * Why a unit was sold that was not there:
 * - `lag`: the channel had not received the figure yet that followed from the last unit's going;
 * - `own message under way`: the channel's own order or cancellation had not reached the hub yet: a figure that did not know
 *   of the order was believed, or what the cancellation put back was sold again;
 * - `late post`: the last unit's going was told late, so that the hub could not know;
 * - `told late itself`: this sale happened first, but its own message came late, and the hub gave the unit to another;
 * - `counter`: rung up at a till, which asks nobody: the unit in the customer's hand was promised to somebody else;
 * - `unexplained`: the channel knew and sold; never acceptable.
 */
export const CAUSES = ['lag', 'own message under way', 'late post', 'told late itself', 'counter', 'unexplained'] as const;
export type OversellCause = (typeof CAUSES)[number];

/** One sale of which `units` were not there any more. */
export interface Oversold {
  readonly system: string;
  readonly item: string;
  readonly units: number;
  readonly cause: OversellCause;
  readonly order: string | undefined;
  /** From the going of the last unit to this sale, by the clock on the wall; negative when this sale happened first. */
  readonly windowMs: number;
  /**
   * Whether it would have happened at the pace of life as well: by the clock of the trading day, too, the sale came
   * before the messages that should have prevented it could arrive, which are no faster in a slower day.
   */
  readonly atLifePace: boolean;
}

/** A message that took longer than this to leave its system was late; anything shorter is a normal way to the hub. */
const LATE_POST_MS = 250;

/** Even on an idle machine a write takes a moment from its time stamp to its effect. */
const LEAST_DOUBT_MS = 100;

/**
 * The ledger's times are those at which the hub began to write; the effect comes when the write has its locks. Holds wait
 * for the same locks, so the slowest hold of the run tells how long a write may have waited.
 */
function doubtMs(holds: Evidence['holds']): number {
  return holds.reduce((longest, hold) => Math.max(longest, hold.answeredAt - hold.requestedAt), LEAST_DOUBT_MS);
}

const late = (fact: SystemFact | undefined, change: FreeChange): boolean => fact !== undefined && change.knownAt - fact.occurredAt > LATE_POST_MS;

/** The change that took the last unit that this sale would have needed. */
function takerOf(history: readonly { change: FreeChange; after: number }[], needed: number): FreeChange | undefined {
  for (let index = history.length - 1; index >= 0; index -= 1) {
    const { change, after } = history[index] as { change: FreeChange; after: number };
    if (change.effect < 0 && after < needed && after - change.effect >= needed) return change;
  }
  return undefined;
}

/** What a sale ran into: the change that took the last unit, and the figure that told its channel of it. */
interface Collision {
  readonly sale: FreeChange & { readonly fact: SystemFact };
  readonly taker: FreeChange | undefined;
  readonly told: { readonly at: number } | undefined;
  /** The channel itself put units back on sale after it had been told, and before this sale. */
  readonly restocked: boolean;
}

function causeOf(channel: ChannelEvidence | undefined, { sale, taker, told, restocked }: Collision): OversellCause {
  const { fact } = sale;
  if (channel?.decides === 'never-refuses' || !channel) return 'counter';
  if (!taker) return 'unexplained';
  const takenAt = taker.fact?.occurredAt ?? taker.knownAt;
  if (fact.occurredAt <= takenAt) return late(fact, sale) ? 'told late itself' : 'lag';
  if (told && told.at < fact.occurredAt) return restocked ? 'own message under way' : 'unexplained';
  if (taker.system === fact.system) return 'own message under way';
  return fact.occurredAt < taker.knownAt && late(taker.fact, taker) ? 'late post' : 'lag';
}

/** By the clock of the trading day; undefined where one of the two was no order. */
function windowOfTheDay({ sale, taker }: Collision, placedAt: Evidence['placedAt']): number | undefined {
  const [sold, taken] = [placedAt.get(sale.order ?? ''), placedAt.get(taker?.order ?? '')];
  return sold === undefined || taken === undefined ? undefined : sold - taken;
}

function happensAtLifePace(collision: Collision, cause: OversellCause, placedAt: Evidence['placedAt']): boolean {
  const { sale, taker, told } = collision;
  const window = windowOfTheDay(collision, placedAt);
  if (cause === 'counter' || cause === 'unexplained' || window === undefined || !taker) return true;
  // This sale came first: its own message had to be overtaken. Otherwise the taker's news had to be too slow.
  if (window < 0) return -window < sale.knownAt - sale.fact.occurredAt;
  return window < (told?.at ?? Number.POSITIVE_INFINITY) - (taker.fact?.occurredAt ?? taker.knownAt);
}

/** Walks one item's history and finds the sales and holds that took more than was free. */
class ItemAutopsy {
  private free = 0;
  private readonly history: { change: FreeChange; after: number }[] = [];
  private changes: readonly FreeChange[] = [];
  readonly found: Oversold[] = [];

  constructor(
    private readonly item: string,
    private readonly channels: ReadonlyMap<string, ChannelEvidence>,
    private readonly figures: ReadonlyMap<string, ReadonlyMap<string, readonly { at: number; available: number }[]>>,
    private readonly placedAt: Evidence['placedAt'],
    private readonly doubtMs: number,
  ) {}

  walk(changes: readonly FreeChange[]): void {
    this.changes = changes;
    for (const change of changes) {
      if (change.kind !== 'other') this.judge(change);
      this.free += change.effect;
      this.history.push({ change, after: this.free });
    }
  }

  private judge(change: FreeChange): void {
    const wanted = -change.effect;
    const free = change.kind === 'hold' ? this.mostFree(change) : this.free;
    const units = Math.min(wanted, wanted - Math.max(0, free));
    if (units <= 0) return;
    if (change.kind === 'sale' && change.fact) this.explain({ ...change, fact: change.fact }, units);
    else this.found.push({ system: change.system ?? '', item: this.item, units, cause: 'unexplained', order: change.order, windowMs: 0, atLifePace: true });
  }

  private explain(sale: Collision['sale'], units: number): void {
    const { fact } = sale;
    const taker = takerOf(this.history, -sale.effect);
    const told = taker && this.toldAfter(fact.system, taker.knownAt, -sale.effect);
    const collision = { sale, taker, told, restocked: told !== undefined && this.restockedBetween(fact.system, told.at, fact.occurredAt) };
    const cause = causeOf(this.channels.get(fact.system), collision);
    const windowMs = taker ? fact.occurredAt - (taker.fact?.occurredAt ?? taker.knownAt) : 0;
    this.found.push({ system: fact.system, item: this.item, units, cause, order: fact.order, windowMs, atLifePace: happensAtLifePace(collision, cause, this.placedAt) });
  }

  /**
   * The most that can have been free when the hub granted a hold: between request and answer. What was taken shortly
   * before may have been taken after the grant (see doubtMs), and what came in until the answer may have come before it.
   * Holds themselves count as soon as they were answered.
   */
  private mostFree(hold: FreeChange): number {
    const answeredAt = hold.grantedBefore ?? hold.knownAt;
    const certainUntil = hold.knownAt - this.doubtMs;
    let free = 0;
    for (const change of this.changes) {
      if (change.knownAt > answeredAt) break;
      if (change === hold) continue;
      if (change.kind === 'hold' ? (change.grantedBefore ?? change.knownAt) <= answeredAt : change.effect > 0 || change.knownAt < certainUntil) free += change.effect;
    }
    return free;
  }

  private restockedBetween(system: string, from: number, until: number): boolean {
    return this.changes.some(({ fact, effect }) => fact?.system === system && effect > 0 && fact.occurredAt >= from && fact.occurredAt <= until);
  }

  /** The first figure after a moment that was too low for this sale. */
  private toldAfter(system: string, at: number, wanted: number): { at: number } | undefined {
    const list = this.figures.get(system)?.get(this.item);
    for (let figure = firstAfter(list, at); figure; figure = firstAfter(list, figure.at + 1)) if (figure.available < wanted) return figure;
    return undefined;
  }
}

/** Every unit that was sold without being there, in the pool that the online channels share, each with its cause. */
export function findOversold(evidence: Evidence, pool: readonly string[]): Oversold[] {
  const channels = new Map(evidence.channels.map((channel) => [channel.channel, channel]));
  const figures = new Map(evidence.channels.map((channel) => [channel.channel, arrivals(channel)]));
  const doubt = doubtMs(evidence.holds);
  const found: Oversold[] = [];
  for (const [item, changes] of poolTimelines(evidence, pool)) {
    const autopsy = new ItemAutopsy(item, channels, figures, evidence.placedAt, doubt);
    autopsy.walk(changes);
    found.push(...autopsy.found);
  }
  return found;
}

export function oversoldIsExplained(evidence: Evidence, pool: readonly string[]): Verdict {
  const findings = new Findings('channels that reserve never oversell; every other oversold unit lies within its channel\'s lag');
  const oversold = findOversold(evidence, pool);
  const reserving = new Set(evidence.channels.filter((channel) => channel.decides === 'reserves').map((channel) => channel.channel));
  const sales = evidence.facts.filter((fact) => fact.kind === 'sale' && pool.includes(fact.location));
  const wrong = oversold.filter((one) => reserving.has(one.system) || one.cause === 'unexplained');
  for (let index = 0; index < sales.length - wrong.length; index += 1) findings.expect(true, () => '');
  for (const one of wrong) findings.expect(false, () => `${one.system} sold ${one.units} of ${one.item} (${one.order ?? 'a hold'}) that were not there: ${one.cause}`);
  return findings.verdict();
}
