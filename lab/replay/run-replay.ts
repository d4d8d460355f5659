import { setTimeout as sleep } from 'node:timers/promises';
import { check } from '../checker/check.js';
import type { Verdict } from '../checker/verdict.js';
import type { Evidence } from '../checker/evidence.js';
import { HubProcess } from '../hub-process.js';
import type { Disturbance, Site } from '../site.js';
import type { DeliveryCounts } from '../outside-system.js';
import type { Progress } from '../report/progress.js';
import { makeReport, type Report } from '../report/report.js';
import type { DeliveryBehaviour } from '../simulators/index.js';
import { BackOffice } from './back-office.js';
import { collectEvidence, untilQuiet } from './collect-evidence.js';
import { Killer } from './killer.js';
import { playPointToPoint } from './point-to-point.js';
import { Player } from './player.js';
import { CHANNEL_PLANS, makeRetailer, type Retailer } from './retailer.js';
import { claimHub, setUpHub, type HubAccess } from './set-up.js';
import { WAREHOUSE, type TradingScript } from './trading-script.js';

export interface ReplayOptions {
  readonly script: TradingScript;
  readonly seed: number;
  readonly delivery: Partial<DeliveryBehaviour>;
  readonly kills: number;
  /** Instead of one hub with a Postgres of its own: another site, and what is done to it. */
  readonly site?: () => Promise<{ readonly site: Site; readonly disturbance: Disturbance }>;
  /** Further checks, made when the trading has been judged and the site still runs. */
  readonly afterwards?: (access: HubAccess) => Promise<readonly Verdict[]>;
  /** Leaves the hub running at the end. */
  readonly keep: boolean;
  /** The command that plays this replay again; it is printed with the report. */
  readonly command: string;
  readonly progress: Progress;
  /** Aborted when the replay is to end at once; everything is taken away all the same. */
  readonly signal?: AbortSignal;
}

/** The replay was ended from outside before it was over. */
export class Interrupted extends Error {}

export interface ReplayResult {
  readonly report: Report;
  readonly evidence: Evidence;
  /** Present when the hub was kept: its address, its folder and an administrator's login. */
  readonly kept?: { readonly url: string; readonly pid: number; readonly dataDir: string; readonly email: string; readonly password: string };
}

const QUIET_WITHIN_MS = 60_000;

/** Starts a hub, plays a script to it, judges what came of it, and takes everything away again. */
export async function runReplay(options: ReplayOptions): Promise<ReplayResult> {
  const { progress } = options;
  progress.step(options.site ? 'Starting the replicas ...' : 'Starting the hub with a Postgres of its own ...');
  const begun = Date.now();
  const { site: hub, disturbance } = await (options.site ?? (() => ownHub(options)))();
  const run = new ReplayRun(options, hub, disturbance, Date.now() - begun);
  let keep = false;
  try {
    const result = await Promise.race([run.run(), interrupted(options.signal)]);
    keep = options.keep;
    return result;
  } finally {
    progress.clear();
    await run.stopSystems();
    if (!keep) await hub.stop({ keep: false });
    else hub.letGo();
  }
}

async function ownHub({ kills, seed }: ReplayOptions): Promise<{ site: Site; disturbance: Disturbance }> {
  const hub = await HubProcess.start();
  return { site: hub, disturbance: new Killer(hub, kills, seed) };
}

/** Rejects when a run is ended from outside. */
export function interrupted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(new Interrupted());
    signal?.addEventListener('abort', () => reject(new Interrupted()), { once: true });
  });
}

class ReplayRun {
  private readonly retailer: Retailer;
  private backOffice: BackOffice | undefined;
  private player: Player | undefined;
  private over = false;

  constructor(
    private readonly options: ReplayOptions,
    private readonly hub: Site,
    private readonly killer: Disturbance,
    private readonly readyAfterMs: number,
  ) {
    this.retailer = makeRetailer({ items: options.script.items, seed: options.seed, delivery: options.delivery });
  }

  async run(): Promise<ReplayResult> {
    const access = await this.setUp();
    const playedMs = await this.trade(access);
    this.options.progress.step('The shops are closed; waiting until the hub has told every channel ...');
    await untilQuiet(access.admin, access.backOffice, CHANNEL_PLANS, QUIET_WITHIN_MS);
    this.options.progress.step('Checking against the systems\' own books, and playing the same day point to point ...');
    const evidence = await this.evidence(access);
    const further = (await this.options.afterwards?.(access)) ?? [];
    const report = await this.judge(evidence, playedMs, further);
    const { email, password } = access.login;
    return { report, evidence, ...(this.options.keep ? { kept: { url: this.hub.url, pid: this.hub.pid, dataDir: this.hub.dataDir, email, password } } : {}) };
  }

  async stopSystems(): Promise<void> {
    this.over = true;
    this.killer.stop();
    await Promise.allSettled([...Object.values(this.retailer.systems).map((system) => system.stop()), this.backOffice?.stop()]);
  }

  private async setUp(): Promise<HubAccess> {
    const { script, progress } = this.options;
    progress.step(`Connecting a shop, two marketplaces, an app and the tills; ${script.items.length} items, ${script.opening.length} shelves ...`);
    await Promise.all(Object.values(this.retailer.systems).map((system) => system.start()));
    const access = await claimHub(this.hub.url, this.hub.setupToken);
    await setUpHub(this.hub.url, access, this.retailer, { items: script.items, channels: CHANNEL_PLANS });
    this.backOffice = new BackOffice(access.backOffice);
    await this.backOffice.open(script.opening);
    await this.backOffice.settle();
    const waiting = await untilQuiet(access.admin, access.backOffice, CHANNEL_PLANS, QUIET_WITHIN_MS);
    if (waiting.length > 0) throw new Error(`The hub did not publish the opening stock. There wait:\n${waiting.join('\n')}\n${this.hub.logTail()}`);
    return access;
  }

  /** @returns how long the trading took, in milliseconds, until everything had been told to the hub. */
  private async trade({ backOffice }: HubAccess): Promise<number> {
    const { script, progress } = this.options;
    const player = new Player(this.retailer, this.backOffice ?? new BackOffice(backOffice));
    this.player = player;
    progress.step(`Trading: ${script.happenings.length.toLocaleString('en-GB')} events of ${script.title} ...`);
    const begun = Date.now();
    const done = (): number => player.played / script.happenings.length;
    const killing = this.killer.run(done);
    await Promise.race([Promise.all([player.play(script), killing]), this.watch(player)]);
    this.over = true;
    return Date.now() - begun;
  }

  /** Shows how far it is; rejects when the hub ends by itself, which nobody would notice otherwise. */
  private async watch(player: Player): Promise<never> {
    const { script, progress } = this.options;
    for (let missing = 0; ; await sleep(100)) {
      if (this.over) await new Promise<never>(() => undefined);
      // A kill and the start after it take their time; only a hub that stays away without being killed has failed.
      missing = this.hub.running || this.killer.busy ? 0 : missing + 1;
      if (missing > 3) throw new Error(`The hub ended by itself. The end of its log:\n${this.hub.logTail()}`);
      progress.show(() => {
        const at = script.happenings[Math.min(player.played, script.happenings.length - 1)]?.at ?? 0;
        const figures = Object.values(this.retailer.systems).reduce((sum, system) => sum + system.figures.length, 0);
        const { orders, units } = player.counts;
        const clock = new Date(at).toISOString().slice(script.pace.length > 0 ? 11 : 0, 16).replace('T', ' ');
        return `${clock}  ${String(Math.floor((100 * player.played) / script.happenings.length)).padStart(3)}%  ${orders.toLocaleString('en-GB')} orders, ${units.toLocaleString('en-GB')} units, ${figures.toLocaleString('en-GB')} figures published, ${player.waiting} messages under way`;
      });
    }
  }

  private evidence(access: HubAccess): Promise<Evidence> {
    return collectEvidence({
      admin: access.admin,
      hub: access.backOffice,
      retailer: this.retailer,
      others: this.backOffice ? [this.backOffice] : [],
      channels: CHANNEL_PLANS,
      items: this.options.script.items.map((item) => item.id),
      sources: access.sources,
      holds: this.player?.holds ?? [],
      placedAt: new Map(this.options.script.happenings.flatMap((event): [string, number][] => (event.kind === 'order' ? [[event.order, event.at]] : []))),
    });
  }

  private async judge(evidence: Evidence, playedMs: number, further: readonly Verdict[]): Promise<Report> {
    const { script, seed, command } = this.options;
    const pool = [WAREHOUSE];
    const systems = [...Object.values(this.retailer.systems), ...(this.backOffice ? [this.backOffice] : [])];
    if (!this.player) throw new Error('Nothing was played.');
    return makeReport({
      title: script.title,
      command,
      playedMs,
      slowestPace: script.pace.length > 0 ? Math.min(...script.pace.map((change) => change.speed)) : undefined,
      trading: this.player.counts,
      hub: { readyAfterMs: this.readyAfterMs, residentMb: this.hub.residentMb(), kills: this.killer.log },
      oddities: script.oddities,
      verdicts: [...check(evidence, pool), ...further],
      evidence,
      pool,
      deliveries: new Map(systems.map((system): [string, DeliveryCounts] => [system.name, system.counts])),
      pointToPoint: await playPointToPoint(script, CHANNEL_PLANS, seed),
    });
  }
}
