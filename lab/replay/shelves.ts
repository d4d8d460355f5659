import type { JournalFact } from '../outside-system.js';
import type { OpeningStock } from './trading-script.js';

export interface Journalled {
  readonly journal: readonly JournalFact[];
}

/**
 * What truly lies where, folded from the systems' journals as they grow: what somebody sees who counts a shelf. A count
 * makes the shelf what was counted.
 */
export class Shelves {
  private readonly units = new Map<string, number>();
  private readonly read = new Map<Journalled, number>();

  constructor(private readonly systems: readonly Journalled[], opening: readonly OpeningStock[] = []) {
    for (const { location, item, quantity } of opening) this.units.set(`${location}\n${item}`, quantity);
  }

  onHand(location: string, item: string): number {
    this.readOn();
    return this.units.get(`${location}\n${item}`) ?? 0;
  }

  private readOn(): void {
    for (const system of this.systems) {
      const from = this.read.get(system) ?? 0;
      for (let index = from; index < system.journal.length; index += 1) {
        const fact = system.journal[index];
        if (!fact) continue;
        const key = `${fact.location}\n${fact.item}`;
        const before = this.units.get(key) ?? 0;
        const takes = fact.kind === 'sale' || fact.kind === 'damage';
        this.units.set(key, fact.kind === 'count' ? fact.quantity : before + (takes ? -fact.quantity : fact.quantity));
      }
      this.read.set(system, system.journal.length);
    }
  }
}
