/** Seeded randomness (sfc32): the same seed plays the same day on every machine. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;

  constructor(seed: number) {
    this.a = seed >>> 0;
    this.b = Math.floor(seed / 0x1_0000_0000) >>> 0;
    this.c = 0x9e3779b9;
    // The first outputs still resemble the seed; neighbouring seeds must not give neighbouring days.
    for (let round = 0; round < 16; round += 1) this.uint32();
  }

  private uint32(): number {
    const sum = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new RangeError('There is nothing to pick from.');
    return choices[Math.floor(this.next() * choices.length)] as T;
  }

  /** Exponential waiting time with the given mean. */
  wait(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }
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
