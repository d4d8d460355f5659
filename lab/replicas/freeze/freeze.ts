import { setTimeout as sleep } from 'node:timers/promises';
import type { CanonicalEvent } from '@crossdock/connector-sdk';
import { Findings, type Verdict } from '../../checker/verdict.js';
import { interrupted } from '../../replay/run-replay.js';
import { Random } from '../../simulators/kit/random.js';
import { Cluster, TOPOLOGIES, type Replica, type Topology } from '../cluster.js';
import { Depot } from './depot.js';
import { ARTICLES, Office, OPENING, until, type Article } from './office.js';
import { RowLock } from './row-lock.js';

export interface FreezePlan {
  readonly topology: Topology;
  /** Of an empty database. */
  readonly databaseUrl: string;
  readonly redisUrl?: string | undefined;
  readonly seed: number;
  readonly rounds: number;
  /** For how long at most one stays frozen when the other has taken everything over. */
  readonly lingerMs: number;
  /** Aborted when it is to end at once; everything is taken away all the same. */
  readonly signal?: AbortSignal;
}

/** Leases end after 8 and 10 s, a transaction that stands still after 10; workers look every 5. The rest is for a machine that is busy. */
const TAKEN_OVER_WITHIN_MS = 45_000;

/**
 * Stops a replica (SIGSTOP) in the middle of writing into books, of a transaction, of a lane of the inbox, of telling a channel and of
 * reading a feed, all at once, until another has taken everything over by the ends of the leases, and lets it go on with what it had in hand. Then the
 * other one leaves, and everything that comes is the first one's again.
 */
export async function freeze(plan: FreezePlan): Promise<Verdict[]> {
  const depots = [new Depot('depot-a', `secret-a-${plan.seed}`), new Depot('depot-b', `secret-b-${plan.seed}`)] as const;
  const roles = TOPOLOGIES[plan.topology];
  const works = roles.find((role) => role !== 'api') ?? 'all';
  const cluster = await Cluster.start({ roles: [...roles.filter((role) => role === 'api'), works], databaseUrl: plan.databaseUrl, redisUrl: plan.redisUrl });
  try {
    await Promise.all(depots.map((depot) => depot.start()));
    const office = await Office.claim(cluster.url, cluster.setupToken);
    const play = async (): Promise<Verdict[]> => {
      await office.open(depots);
      const drama = new Freeze(cluster, depots, office, new Random(plan.seed + 0xf2e), plan);
      for (let round = 0; round < plan.rounds; round += 1) await drama.round(round);
      return drama.verdicts();
    };
    return await Promise.race([play(), interrupted(plan.signal)]);
  } finally {
    await cluster.stop();
    await Promise.all(depots.map((depot) => depot.stop()));
  }
}

class Freeze {
  /** What has happened to each article, in units, and how often. */
  private readonly sums: Record<Article, number> = { sold: 0, shipped: 0, received: 0 };
  private readonly facts: Record<Article, number> = { sold: 0, shipped: 0, received: 0 };
  private readonly takeovers = new Findings(`another takes over what a frozen replica held, within ${TAKEN_OVER_WITHIN_MS / 1_000} s`);

  constructor(
    private readonly cluster: Cluster,
    private readonly depots: readonly [Depot, Depot],
    private office: Office,
    private readonly random: Random,
    private readonly plan: Pick<FreezePlan, 'databaseUrl' | 'lingerMs'>,
  ) {}

  async round(round: number): Promise<void> {
    const [a, b] = this.depots;
    // Between its look into the one books and its write; with the other written, in the middle of saying so in the database.
    const gates = [a.hold('/books/find'), a.hold('/figures/read'), a.hold('/notices'), a.hold('/receipts')];
    const written = b.hold('/books/create');
    const first = this.cluster.replicas.find(({ role }) => role !== 'api') as Replica;
    await this.everything(`${round}-held`);
    await Promise.all([...gates, written].map(({ asked }) => asked));
    const other = await this.cluster.add(first.role);
    const book = await RowLock.on(this.plan.databaseUrl, b.name);
    try {
      written.open();
      await book.waitedFor();
      first.process.stall('SIGSTOP');
    } finally {
      await book.release();
    }
    try {
      for (const { open } of gates) open();
      await this.meanwhile(other, async () => {
        await this.sell(`${round}-meanwhile`);
        const from = performance.now();
        await this.done('while one is frozen');
        const tookMs = performance.now() - from;
        this.takeovers.expect(tookMs < TAKEN_OVER_WITHIN_MS, () => `round ${round}: ${Math.round(tookMs / 1_000)} s`);
        await sleep(this.random.between(0, this.plan.lingerMs));
      });
    } finally {
      first.process.stall('SIGCONT');
    }
    await this.cluster.remove(other);
    await this.everything(`${round}-after`);
    await this.done('by the one that was frozen');
  }

  async verdicts(): Promise<Verdict[]> {
    const [a] = this.depots;
    const books = new Findings('a replica that was frozen writes nothing into books that another has written meanwhile');
    for (const { name, written } of this.depots) {
      const keys = written.map(({ key }) => key);
      for (const key of new Set(keys)) books.expect(keys.filter((one) => one === key).length === 1, () => `${name} has ${key} ${keys.filter((one) => one === key).length} times`);
      for (const article of booked(name)) books.expect(netOf(written, article) === this.sums[article], () => `${name} says ${netOf(written, article)} of '${article}'; ${this.sums[article]} happened`);
      const { held } = await this.office.posting(name);
      books.expect(Object.values(held).every((count) => count === 0), () => `${name} holds ${JSON.stringify(held)}`);
    }
    const ledger = new Findings('what a frozen replica had in hand of inbox and feed is booked once');
    for (const article of ARTICLES) {
      const [events, onHand] = await Promise.all([this.office.events(article), this.office.onHand(article)]);
      ledger.expect(events.length === this.facts[article] + 1 && new Set(events).size === events.length, () => `the ledger has ${events.join(', ')} of '${article}'`);
      ledger.expect(onHand === OPENING + this.sums[article], () => `${onHand} of '${article}' are on hand; ${this.sums[article]} happened`);
    }
    const left = (await this.office.deliveries(a.name)).filter(({ state }) => state !== 'done');
    ledger.expect(left.length === 0, () => `there are deliveries ${JSON.stringify(left)}`);
    const { recordsNew, recordsRepeated } = await this.office.feed(a.name);
    ledger.expect(recordsNew === this.facts.received && recordsRepeated === 0, () => `the feed brought ${recordsNew} records and ${recordsRepeated} again`);
    const figures = new Findings('a replica that was frozen tells a channel no older figure after a newer one');
    a.figures.forEach((figure, index) => {
      const before = a.figures.slice(0, index).findLast(({ article }) => article === figure.article);
      figures.expect(before === undefined || before.version < figure.version, () => `'${figure.article}': ${figure.available} (version ${figure.version}) after ${before?.available} (version ${before?.version})`);
    });
    return [this.takeovers.verdict(), books.verdict(), ledger.verdict(), figures.verdict()];
  }

  /** One piece of work for everything that has a lease. */
  private async everything(name: string): Promise<void> {
    const [a] = this.depots;
    await this.sell(name);
    const event = (article: Article, movement: 'sale' | 'receipt', quantity: number): CanonicalEvent => {
      this.count(article, movement === 'sale' ? -quantity : quantity);
      return { kind: 'StockMoved', eventId: `${name}-${article}`, line: '1', movement, item: { type: 'article', id: article }, location: { type: 'hall', id: 'H1' }, quantity, occurredAt: new Date().toISOString() };
    };
    a.receive(event('received', 'receipt', 1 + this.random.between(0, 8)));
    await this.office.poll(a);
    await this.office.notify(a, a.ship(event('shipped', 'sale', 1 + this.random.between(0, 8))));
  }

  private async sell(name: string): Promise<void> {
    const quantity = 1 + this.random.between(0, 8);
    this.count('sold', -quantity);
    await this.office.move('sold', 'sale', quantity, name);
  }

  private count(article: Article, units: number): void {
    this.sums[article] += units;
    this.facts[article] += 1;
  }

  /** Speaks to a replica that answers: where each does everything, the frozen one is not it. */
  private async meanwhile(other: Replica, act: () => Promise<void>): Promise<void> {
    const usual = this.office;
    if (other.role === 'all') this.office = new Office(other.process.url, usual.keys);
    await act();
    this.office = usual;
  }

  /** Everything that has happened has come to its end everywhere. */
  private async done(when: string): Promise<void> {
    const [a] = this.depots;
    for (const article of ARTICLES) {
      await until(`'${article}' is booked ${when}`, async () => (await this.office.onHand(article)) === OPENING + this.sums[article]);
      await until(`'${article}' is told ${when}`, () => a.believed.get(article)?.available === OPENING + this.sums[article]);
    }
    await until(`the inbox is empty ${when}`, async () => (await this.office.deliveries(a.name)).every(({ state }) => state === 'done'));
    for (const { name } of this.depots) await until(`${name} has everything in its books ${when}`, async () => (await this.office.posting(name)).behind.entries === 0);
  }
}

/** What a depot tells of itself is in its books anyway, and is not posted there. */
function booked(depot: string): readonly Article[] {
  return depot === 'depot-a' ? ['sold'] : ARTICLES;
}

function netOf(written: Depot['written'], article: Article): number {
  return written.filter(({ item }) => item.id === article).reduce((sum, { to, quantity }) => sum + ('location' in to ? quantity : -quantity), 0);
}
