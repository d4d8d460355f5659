/**
 * A map that never holds more than `most` entries. It keeps a young and an old generation: a hit in the old one moves
 * the entry to the young, and when the young one is half of `most` the old one is dropped whole. That is nearly least
 * recently used at the price of one look-up more, where a true LRU list reorders itself at each read.
 */
export class BoundedMap<Key, Value> {
  private young = new Map<Key, Value>();
  private old = new Map<Key, Value>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.young.size + this.old.size;
  }

  get(key: Key): Value | undefined {
    const young = this.young.get(key);
    if (young !== undefined) return young;
    const old = this.old.get(key);
    if (old === undefined) return undefined;
    this.old.delete(key);
    this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    this.old.delete(key);
    this.young.set(key, value);
    if (this.young.size * 2 < this.most) return;
    this.old = this.young;
    this.young = new Map();
  }

  clear(): void {
    this.young = new Map();
    this.old = new Map();
  }
}
