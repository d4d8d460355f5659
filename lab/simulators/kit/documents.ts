/** The name under which the outside world, and so the hub's ledger, knows one line of a fact: once, for ever. */
export interface BusinessKey {
  readonly eventId: string;
  readonly line: string;
}

export interface BookedLine {
  /** From 1. */
  readonly position: number;
  readonly item: string;
  readonly quantity: number;
  /** Units that were neither cancelled nor brought back yet. */
  left: number;
}

/** An order as the outside system has it in its own books. */
export interface BookedOrder {
  /** Counts the documents of this system, from 1. */
  readonly number: number;
  /** How the replay calls it. */
  readonly name: string;
  readonly location: string;
  readonly lines: readonly BookedLine[];
  readonly occurredAt: number;
  cancelled: boolean;
}

export interface LineBack {
  readonly position: number;
  readonly item: string;
  readonly quantity: number;
  /** The order line that it was sold as; undefined when this system knows of no such sale. */
  readonly soldAs: BookedLine | undefined;
}

/** Goods that are on the shelf again: by a cancellation before dispatch, or brought back. */
export interface GoodsBack {
  readonly number: number;
  readonly name: string;
  readonly order: BookedOrder | undefined;
  readonly location: string;
  readonly lines: readonly LineBack[];
  readonly occurredAt: number;
}

/** Splits what comes back over the order's lines of the same item; what they cannot cover was not sold here. */
export function matchReturn(order: BookedOrder | undefined, item: string, quantity: number): Omit<LineBack, 'position'>[] {
  const matched: Omit<LineBack, 'position'>[] = [];
  let rest = quantity;
  for (const line of order && !order.cancelled ? order.lines : []) {
    if (line.item !== item || line.left === 0 || rest === 0) continue;
    const taken = Math.min(line.left, rest);
    line.left -= taken;
    rest -= taken;
    matched.push({ item, quantity: taken, soldAs: line });
  }
  if (rest > 0) matched.push({ item, quantity: rest, soldAs: undefined });
  return matched;
}
