import type { FigureReceived } from '../../outside-system.js';

/** Where an item's belief comes from: the last figure, before the system's own sales and restocks since. */
export interface LastFigure {
  readonly quantity: number;
  /** The version that came with it, where the protocol carries one. */
  readonly version: number | undefined;
  /** When it arrived, milliseconds since the epoch. */
  readonly arrivedAt: number;
}

/** An outside system's own stock figures: absolute ones from outside, moved by its own sales and restocks in between. */
export class Beliefs {
  private readonly byItem = new Map<string, number>();
  private readonly last = new Map<string, LastFigure>();
  private readonly received: FigureReceived[] = [];
  private readonly listeners: ((item: string, quantity: number) => void)[] = [];

  /** What may be sold, by canonical item. An item that never had a figure is not in it. */
  get quantities(): ReadonlyMap<string, number> {
    return this.byItem;
  }

  /** Every figure that arrived from the hub, oldest first. */
  get figures(): readonly FigureReceived[] {
    return this.received;
  }

  quantity(item: string): number {
    return this.byItem.get(item) ?? 0;
  }

  lastFigure(item: string): LastFigure | undefined {
    return this.last.get(item);
  }

  /** Told of every change, whoever made it. */
  onChange(listener: (item: string, quantity: number) => void): void {
    this.listeners.push(listener);
  }

  setFigure(item: string, quantity: number, at: number, version?: number): void {
    this.change(item, quantity);
    this.last.set(item, { quantity, version, arrivedAt: at });
    this.received.push({ item, available: quantity, at, applied: true });
  }

  /** A figure arrived and was turned away: what is believed stays. */
  turnAway(item: string, quantity: number, at: number): void {
    this.received.push({ item, available: quantity, at, applied: false });
  }

  /** The system's own sale. Below zero only where it sells without asking (a till). */
  sold(item: string, quantity: number): void {
    this.change(item, this.quantity(item) - quantity);
  }

  /** The system itself put units back on sale. */
  restocked(item: string, quantity: number): void {
    this.change(item, this.quantity(item) + quantity);
  }

  private change(item: string, quantity: number): void {
    if (this.byItem.get(item) === quantity) return;
    this.byItem.set(item, quantity);
    for (const tell of this.listeners) tell(item, quantity);
  }
}
