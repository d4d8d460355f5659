import type { Random } from '../../simulators/kit/random.js';
import { WeightedPick } from '../random.js';

const HOUR_MS = 3_600_000;

/** How busy each hour from midnight on is, relative to the others. Lunch and evening are the peaks. */
const ONLINE_HOURS = [0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 7, 10, 9, 6, 5, 5, 6, 8, 11, 13, 9, 0, 0];
const STORE_HOURS = [0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 5, 7, 10, 9, 6, 6, 7, 10, 9, 4, 0, 0, 0, 0];

/** Draws the moment of a purchase, milliseconds since midnight. */
export class DayCurve {
  private readonly hours: WeightedPick;

  private constructor(weights: readonly number[]) {
    this.hours = new WeightedPick(weights);
  }

  static online(): DayCurve {
    return new DayCurve(ONLINE_HOURS);
  }

  static stores(): DayCurve {
    return new DayCurve(STORE_HOURS);
  }

  draw(random: Random): number {
    return this.hours.pick(random) * HOUR_MS + Math.floor(random.next() * HOUR_MS);
  }
}
