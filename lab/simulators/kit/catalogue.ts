/** One article, as the retailer names it. */
export interface CatalogueItem {
  /** Canonical id in the hub; it serves as the SKU too. */
  readonly id: string;
  readonly name: string;
}

/** The articles that a simulator sells. Its own ids are derived from the position, so keep the order from run to run. */
export class Catalogue {
  private readonly positions = new Map<string, number>();

  constructor(readonly items: readonly CatalogueItem[]) {
    items.forEach((entry, position) => {
      if (this.positions.has(entry.id)) throw new Error(`the catalogue has ${entry.id} twice`);
      this.positions.set(entry.id, position);
    });
  }

  has(item: string): boolean {
    return this.positions.has(item);
  }

  /** @throws Error for an item that is not in the catalogue: the driver of a lab made a mistake. */
  position(item: string): number {
    const position = this.positions.get(item);
    if (position === undefined) throw new Error(`${item} is not in the catalogue`);
    return position;
  }

  at(position: number): CatalogueItem | undefined {
    return this.items[position];
  }

  /** A name for people; the id where the article has none. */
  title(item: string): string {
    return this.items[this.position(item)]?.name || item;
  }

  /** Made up, but the same in every run: nothing in the lab depends on prices. */
  priceMinor(item: string): number {
    return 99 + ((this.position(item) * 7919) % 4900);
  }
}
