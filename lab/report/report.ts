import type { Evidence } from '../checker/evidence.js';
import { channelLags } from '../checker/lag.js';
import { CAUSES, findOversold, type OversellCause, type Oversold } from '../checker/oversell.js';
import type { Verdict } from '../checker/verdict.js';
import type { DeliveryCounts, SellingSystem } from '../outside-system.js';
import type { PlayCounts } from '../replay/player.js';
import type { PointToPointResult } from '../replay/point-to-point.js';
import type { Oddity } from '../replay/trading-script.js';
import { spreadOf, type Spread } from './percentiles.js';

/** One channel's part of the report. Times in milliseconds. */
export interface ChannelReport {
  readonly channel: string;
  readonly decides: SellingSystem['decides'];
  /** How often its figure changed in the hub, and how many figures travelled: the rest was overtaken on the way. */
  readonly changes: number;
  readonly published: number;
  readonly coalesced: number;
  readonly lagFromSale: Spread | undefined;
  readonly lagFromRecord: Spread | undefined;
  readonly oversoldUnits: number;
  /** Of these, what would have happened at the pace of life, too. */
  readonly oversoldAtLifePace: number;
  readonly oversoldByCause: Readonly<Partial<Record<OversellCause, number>>>;
}

export interface SystemReport extends DeliveryCounts {
  readonly system: string;
  readonly facts: number;
}

export interface PointToPointReport {
  readonly everyMinutes: number;
  readonly orders: number;
  readonly units: number;
  readonly oversoldUnits: Readonly<Record<string, number>>;
  readonly oversoldInAll: number;
  readonly cancellationsOwed: number;
  /** By the clock of the trading day. */
  readonly stalenessMs: Spread | undefined;
}

export interface HubFigures {
  readonly readyAfterMs: number;
  readonly residentMb: number | undefined;
  /** What was killed, and when. */
  readonly kills: readonly string[];
}

/** Everything that a replay found out; `--json` writes it as it is. */
export interface Report {
  readonly title: string;
  readonly command: string;
  readonly items: number;
  readonly playedMs: number;
  /** How many times as fast as life the slowest part was played; undefined when there was no pace. */
  readonly slowestPace: number | undefined;
  readonly trading: PlayCounts;
  readonly movements: Readonly<Record<string, number>>;
  readonly channels: readonly ChannelReport[];
  readonly oversoldInAll: number;
  readonly cancellationsOwed: number;
  readonly cancellationsOwedAtLifePace: number;
  readonly systems: readonly SystemReport[];
  readonly hub: HubFigures;
  readonly pointToPoint: PointToPointReport;
  readonly oddities: readonly Oddity[];
  readonly verdicts: readonly Verdict[];
  readonly allTrue: boolean;
}

export interface ReportSources extends Pick<Report, 'title' | 'command' | 'playedMs' | 'slowestPace' | 'trading' | 'hub' | 'oddities' | 'verdicts'> {
  readonly evidence: Evidence;
  /** The locations that the online channels share. */
  readonly pool: readonly string[];
  readonly deliveries: ReadonlyMap<string, DeliveryCounts>;
  readonly pointToPoint: PointToPointResult;
}

const unitsOf = (oversold: readonly Oversold[]): number => oversold.reduce((sum, one) => sum + one.units, 0);

const ordersOf = (oversold: readonly Oversold[]): number => new Set(oversold.map((one) => `${one.system} ${one.order}`)).size;

function unitsByCause(oversold: readonly Oversold[]): Partial<Record<OversellCause, number>> {
  const causes: Partial<Record<OversellCause, number>> = {};
  for (const cause of CAUSES) {
    const units = unitsOf(oversold.filter((one) => one.cause === cause));
    if (units > 0) causes[cause] = units;
  }
  return causes;
}

function channelReports(evidence: Evidence, oversold: readonly Oversold[]): ChannelReport[] {
  const lags = new Map(channelLags(evidence).map((lag) => [lag.channel, lag]));
  return evidence.channels.map(({ channel, decides, figures }) => {
    const lag = lags.get(channel);
    const own = oversold.filter((one) => one.system === channel);
    return {
      channel,
      decides,
      changes: lag?.changes ?? 0,
      published: figures.length,
      coalesced: Math.max(0, (lag?.changes ?? 0) - figures.length),
      lagFromSale: spreadOf(lag?.fromSale ?? []),
      lagFromRecord: spreadOf(lag?.fromRecord ?? []),
      oversoldUnits: unitsOf(own),
      oversoldAtLifePace: unitsOf(own.filter((one) => one.atLifePace)),
      oversoldByCause: unitsByCause(own),
    };
  });
}

function pointToPointReport(result: PointToPointResult): PointToPointReport {
  return {
    everyMinutes: result.everyMs / 60_000,
    orders: result.orders,
    units: result.units,
    oversoldUnits: Object.fromEntries(result.oversoldUnits),
    oversoldInAll: [...result.oversoldUnits.values()].reduce((sum, units) => sum + units, 0),
    cancellationsOwed: result.cancellationsOwed,
    stalenessMs: spreadOf(result.stalenessMs),
  };
}

export function makeReport({ evidence, pool, deliveries, pointToPoint, ...rest }: ReportSources): Report {
  const oversold = findOversold(evidence, pool);
  const movements: Record<string, number> = {};
  for (const movement of evidence.ledger) movements[movement.kind] = (movements[movement.kind] ?? 0) + 1;
  return {
    ...rest,
    items: evidence.items.length,
    movements,
    channels: channelReports(evidence, oversold),
    oversoldInAll: unitsOf(oversold),
    cancellationsOwed: ordersOf(oversold),
    cancellationsOwedAtLifePace: ordersOf(oversold.filter((one) => one.atLifePace)),
    systems: [...deliveries].map(([system, counts]) => ({ system, facts: evidence.facts.filter((fact) => fact.system === system).length, ...counts })),
    pointToPoint: pointToPointReport(pointToPoint),
    allTrue: rest.verdicts.length > 0 && rest.verdicts.every((verdict) => verdict.holds),
  };
}
