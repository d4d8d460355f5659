import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What a metric is: `name` ends in its unit (`_total`, `_seconds`, `_bytes`), `help` is a sentence, `labels` take few values each. */
export interface MetricDescription<Label extends string = never> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

/** Seconds; from a cached read to a slow upstream. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

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
