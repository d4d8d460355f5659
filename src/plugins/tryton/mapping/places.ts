/** A location of Tryton, as far as the connector cares. */
export interface LocationRow {
  readonly id: number;
  readonly name: string;
  readonly code?: string | null;
  readonly type: string;
  readonly parent: number | null;
  readonly active?: boolean | number;
  readonly storage_location?: number | null;
  readonly output_location?: number | null;
  readonly input_location?: number | null;
}

/**
 * Which locations make one place of the hub. A warehouse is a place: its stock is what lies in its storage zone and below,
 * because what waits in the input and output zones cannot be sold. Further storage locations may be places of their own.
 */
export class Places {
  private readonly rows: ReadonlyMap<number, LocationRow>;
  /** The location at whose root a place's stock lies, and the place. */
  private readonly roots = new Map<number, number>();

  /** @param standalone ids of storage locations that are places of their own */
  constructor(rows: Iterable<LocationRow>, standalone: readonly number[]) {
    this.rows = new Map([...rows].map((row) => [row.id, row]));
    for (const { id, type, storage_location: storage } of this.rows.values()) if (type === 'warehouse' && storage) this.roots.set(storage, id);
    for (const id of standalone) if (this.rows.get(id)?.type === 'storage') this.roots.set(id, id);
  }

  /** The place that a location's stock counts for; null where it counts for none. */
  placeOf(location: number): number | null {
    const seen = new Set<number>();
    for (let at: number | null | undefined = location; at !== null && at !== undefined && !seen.has(at); at = this.rows.get(at)?.parent) {
      const place = this.roots.get(at);
      if (place !== undefined) return place;
      seen.add(at);
    }
    return null;
  }

  /** The place that a root lies within, where one place is set apart from another. */
  placeAbove(root: number): number | null {
    const parent = this.rows.get(root)?.parent ?? null;
    return parent === null ? null : this.placeOf(parent);
  }

  typeOf(location: number): string {
    return this.rows.get(location)?.type ?? 'unknown';
  }

  /** Where a place's stock lies; undefined where the id is no place. */
  rootOf(place: number): number | undefined {
    return [...this.roots].find(([, owner]) => owner === place)?.[0];
  }

  /** The first location of type Lost and Found that is in use. */
  lostAndFound(): number | undefined {
    return [...this.rows.values()].filter(({ type, active }) => type === 'lost_found' && Boolean(active ?? true)).map(({ id }) => id).sort((one, other) => one - other)[0];
  }

  row(location: number): LocationRow | undefined {
    return this.rows.get(location);
  }

  /** Each root with its place. */
  all(): readonly { readonly root: number; readonly place: number }[] {
    return [...this.roots].map(([root, place]) => ({ root, place }));
  }
}
