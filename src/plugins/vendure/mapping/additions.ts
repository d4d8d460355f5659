import { UnreadableRecord } from './fields.js';

/** What happened to one line after the order was placed, in order. */
export type LineChange =
  | { readonly kind: 'cancelled'; readonly units: number }
  | { readonly kind: 'modified'; readonly id: string; readonly noted: number };

/** More doubtful modifications of one line than this are not untangled. */
const MOST_DOUBTS = 12;

/**
 * How many units each modification added to a line, by the modification's id; modifications that added none are left out.
 *
 * Vendure notes the difference when a line's quantity is set anew, and that is told exactly by a cancellation too when it
 * is a decrease. When units are added to a line that was there already, though, it notes the units added less those that
 * the line had (3.7, OrderModifier.modifyOrder), which may even be below zero. Only one reading comes to the quantity
 * that the line has now.
 *
 * @throws UnreadableRecord where no reading does, or several do: nothing is guessed.
 */
export function additionsOf(placed: number, now: number, changes: readonly LineChange[]): ReadonlyMap<string, number> {
  const cancelled = changes.reduce((sum, change) => sum + (change.kind === 'cancelled' ? change.units : 0), 0);
  const added = now - placed + cancelled;
  if (added === 0) return new Map();
  if (added < 0 || changes.filter((change) => change.kind === 'modified').length > MOST_DOUBTS) throw new UnreadableRecord('a line has fewer units than were ordered and not cancelled');
  const readings = readingsOf(changes, placed, added);
  const [reading] = readings;
  if (reading === undefined || readings.length > 1) throw new UnreadableRecord('it cannot be told which modification added how many units to a line');
  return reading;
}

/** Every way to share `left` units among the modifications from the first of `changes` on; two are as good as many. */
function readingsOf(changes: readonly LineChange[], held: number, left: number, before?: LineChange): Map<string, number>[] {
  const [change, ...rest] = changes;
  if (change === undefined) return left === 0 ? [new Map()] : [];
  if (change.kind === 'cancelled') return readingsOf(rest, held - change.units, left, change);
  const readings = meaningsOf(change.noted, held, before)
    .filter((units) => units <= left)
    .flatMap((units) => readingsOf(rest, held + units, left - units, change).map((reading) => withUnits(reading, change.id, units)));
  return distinct(readings);
}

/** What a modification may have added that noted so much: a decrease comes right after a cancellation of as many units, and adds none. */
function meaningsOf(noted: number, held: number, before: LineChange | undefined): number[] {
  const decreased = noted <= 0 && (noted === 0 || (before?.kind === 'cancelled' && before.units === -noted));
  return [...new Set([...(decreased ? [0] : []), noted, noted + held])].filter((units) => units > 0 || (decreased && units === 0));
}

function withUnits(reading: ReadonlyMap<string, number>, id: string, units: number): Map<string, number> {
  return units === 0 ? new Map(reading) : new Map(reading).set(id, (reading.get(id) ?? 0) + units);
}

function distinct(readings: readonly Map<string, number>[]): Map<string, number>[] {
  const seen = new Map(readings.map((reading) => [JSON.stringify([...reading].sort()), reading]));
  return [...seen.values()].slice(0, 2);
}
