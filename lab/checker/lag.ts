import type { FigureReceived } from '../outside-system.js';
import type { ChannelEvidence, Evidence } from './evidence.js';
import { figureFor, poolName, poolTimelines, type FreeChange } from './timeline.js';

/** How long one channel waited for the figures that followed from sales. All times in milliseconds. */
export interface ChannelLag {
  readonly channel: string;
  /** From the sale, wherever it happened, to the new figure's arrival: the way to the hub and injected lateness included. */
  readonly fromSale: readonly number[];
  /** From the hub's recording of it to the new figure's arrival. */
  readonly fromRecord: readonly number[];
  /** Changes of the channel's figure, of which several may have travelled as one. */
  readonly changes: number;
  readonly figures: number;
}

/** The channel's figures by item, oldest first; refused ones were never believed. */
export function arrivals(channel: ChannelEvidence): Map<string, FigureReceived[]> {
  const byItem = new Map<string, FigureReceived[]>();
  for (const figure of channel.figures) {
    if (!figure.applied) continue;
    const list = byItem.get(figure.item);
    if (list) list.push(figure);
    else byItem.set(figure.item, [figure]);
  }
  return byItem;
}

/** The first arrival at or after a moment. */
export function firstAfter<T extends { at: number }>(list: readonly T[] | undefined, at: number): T | undefined {
  if (!list) return undefined;
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as T).at >= at) high = middle;
    else low = middle + 1;
  }
  return list[low];
}

/**
 * Measures, for each sale that changed the channel's figure, when the next figure arrived after the hub had recorded it. A figure
 * that stayed zero, and one that was overtaken by its own opposite before it left, has nothing to wait for.
 */
export function channelLags(evidence: Evidence): ChannelLag[] {
  const timelines = new Map<string, Map<string, FreeChange[]>>();
  return evidence.channels.filter((channel) => channel.figures.length > 0).map((channel) => {
    const name = poolName(channel);
    const pool = timelines.get(name) ?? poolTimelines(evidence, channel.locations);
    timelines.set(name, pool);
    return lagOf(channel, pool);
  });
}

function lagOf(channel: ChannelEvidence, pool: ReadonlyMap<string, readonly FreeChange[]>): ChannelLag {
  const byItem = arrivals(channel);
  const fromSale: number[] = [];
  const fromRecord: number[] = [];
  let changes = 0;
  for (const [item, history] of pool) {
    let free = 0;
    for (const change of history) {
      const before = figureFor(channel.rules, free);
      free += change.effect;
      if (figureFor(channel.rules, free) === before) continue;
      changes += 1;
      if (change.kind !== 'sale' || !change.fact) continue;
      const arrival = firstAfter(byItem.get(item), change.knownAt);
      if (!arrival) continue;
      fromSale.push(arrival.at - change.fact.occurredAt);
      fromRecord.push(arrival.at - change.knownAt);
    }
  }
  return { channel: channel.channel, fromSale, fromRecord, changes, figures: channel.figures.length };
}
