import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { within } from '../orchestration/within.js';

/** What a metric is: `name` ends in its unit (`_total`, `_seconds`, `_bytes`), `help` is a sentence, `labels` take few values each. */
export interface MetricDescription<Label extends string = never> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

/** Seconds; from a cached read to a slow upstream. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Scrapes within so long share what was read, so that scraping often is no work for the database. */
const READ_EVERY_MS = 5_000;
/** A scrape waits so long for a reading and then goes without it: an answer that comes late is of no use to anybody. */
const SCRAPE_WAITS_MS = 1_000;

/** One series of a gauge: the values of its labels, and its own. */
export type Sample<Label extends string> = readonly [labels: Readonly<Record<Label, string | number>>, value: number];

/**
 * Figures that are kept elsewhere (in the database, on the disk) and that several gauges show. They are read once for
 * all gauges and scrapes of a few seconds. What cannot be read has no series: an old value would say that all is well.
 */
export class Reading<T> {
  private latest: Promise<T> | undefined;
  private startedAt = -Infinity;
  private underWay = false;

  constructor(
    private readonly metrics: Metrics,
    private readonly read: () => Promise<T>,
  ) {}

  /** What was read last, read anew when it is old; undefined when it could not be read, or not in time. Never throws. */
  current(): Promise<T | undefined> {
    if (!this.latest || (!this.underWay && performance.now() - this.startedAt > READ_EVERY_MS)) {
      this.startedAt = performance.now();
      this.underWay = true;
      this.latest = this.read().finally(() => (this.underWay = false));
    }
    return within(SCRAPE_WAITS_MS, this.latest).catch(() => undefined);
  }

  /** A gauge of what was read: one number, or a series for each of its labels' values. */
  gauge<Label extends string = never>(description: MetricDescription<Label>, pick: (value: T) => number | readonly Sample<Label>[]): this {
    this.metrics.gauge({ ...description, collect: async (gauge) => {
      const value = await this.current();
      gauge.reset();
      const picked = value === undefined ? [] : pick(value);
      if (typeof picked === 'number') return gauge.set(picked);
      // Resetting a gauge without labels leaves a nought, which nobody has read.
      if (description.labels === undefined) gauge.remove();
      for (const [labels, one] of picked) gauge.set(labels, one);
    } });
    return this;
  }
}

/**
 * The process's metrics, in a registry of their own for each application. Asking twice for a name gives the same
 * metric. Never label by anything that a caller can choose (ids, paths): each value is kept for ever.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'crossdock_' });
  }

  counter<Label extends string = never>({ name, help, labels = [] }: MetricDescription<Label>): Counter<Label> {
    const known = this.registry.getSingleMetric(name) as Counter<Label> | undefined;
    return known ?? new Counter({ name, help, labelNames: [...labels], registers: [this.registry] });
  }

  /** What `read` gives, shared by the gauges that are made of it. */
  reading<T>(read: () => Promise<T>): Reading<T> {
    return new Reading(this, read);
  }

  gauge<Label extends string = never>({ name, help, labels = [], collect }: MetricDescription<Label> & { /** Sets the value when it is read. */ readonly collect?: (gauge: Gauge<Label>) => void | Promise<void> }): Gauge<Label> {
    const known = this.registry.getSingleMetric(name) as Gauge<Label> | undefined;
    if (known) return known;
    const gauge: Gauge<Label> = new Gauge({ name, help, labelNames: [...labels], registers: [this.registry], collect: collect && (() => collect(gauge)) });
    return gauge;
  }

  histogram<Label extends string = never>({ name, help, labels = [], buckets = DURATION_BUCKETS }: MetricDescription<Label> & { readonly buckets?: readonly number[] }): Histogram<Label> {
    const known = this.registry.getSingleMetric(name) as Histogram<Label> | undefined;
    return known ?? new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [this.registry] });
  }
}
