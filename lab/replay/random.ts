import type { Random } from '../simulators/kit/random.js';

export function pickFrom<T>(random: Random, choices: readonly T[]): T {
  if (choices.length === 0) throw new RangeError('There is nothing to pick from.');
  return choices[random.between(0, choices.length - 1)] as T;
}

/** Exponential waiting time with the given mean: how long it takes until the next of many independent customers comes. */
export function waitingTime(random: Random, mean: number): number {
  return -Math.log(1 - random.next()) * mean;
}

/** Picks an index by weight, by binary search over the running sums. */
export class WeightedPick {
  private readonly sums: Float64Array;

  constructor(weights: readonly number[]) {
    this.sums = new Float64Array(weights.length);
    let sum = 0;
    weights.forEach((weight, index) => {
      sum += weight;
      this.sums[index] = sum;
    });
    if (!(sum > 0)) throw new RangeError('The weights must have a sum above zero.');
  }

  /** Zipf's law: the n-th most wanted of `count` things is wanted 1/n^exponent as often as the first. */
  static zipf(count: number, exponent: number): WeightedPick {
    return new WeightedPick(Array.from({ length: count }, (_, index) => 1 / (index + 1) ** exponent));
  }

  pick(random: Random): number {
    const aim = random.next() * (this.sums[this.sums.length - 1] as number);
    let low = 0;
    let high = this.sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.sums[middle] as number) > aim) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** FNV-1a, 32 bits: spreads names evenly and stays the same for ever, which a channel chosen by hash relies on. */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  // FNV's low bits alone are weak for short, similar texts; the finaliser of MurmurHash3 mixes them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
