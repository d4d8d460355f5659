import type { BookedLine, BookedOrder, GoodsBack, LineBack } from '../kit/documents.js';

/** Orders of one shop have fewer lines than this, so that ids of lines never meet. */
const LINES = 10_000;

/** Shopify's numbers, made from positions and counters: the same in every run, and each a safe integer. */
export class ShopIds {
  constructor(private readonly catalogueSize: number, private readonly locations: readonly string[]) {}

  product(position: number): number {
    return 7_900_000_000_001 + position;
  }

  variant(position: number): number {
    return 43_700_000_000_001 + position;
  }

  inventoryItem(position: number): number {
    return 45_800_000_000_001 + position;
  }

  positionOfInventoryItem(id: number): number | undefined {
    const position = id - 45_800_000_000_001;
    return Number.isInteger(position) && position >= 0 && position < this.catalogueSize ? position : undefined;
  }

  location(location: string): number {
    const index = this.locations.indexOf(location);
    if (index < 0) throw new Error(`the shop has no location ${location}`);
    return 68_400_000_001 + index;
  }

  locationOf(id: number): string | undefined {
    return this.locations[id - 68_400_000_001];
  }

  order(order: BookedOrder): number {
    return 5_600_000_000_000 + order.number;
  }

  lineItem(order: BookedOrder, line: BookedLine): number {
    return 14_100_000_000_000 + order.number * LINES + line.position;
  }

  refund(back: GoodsBack): number {
    return 920_000_000_000 + back.number;
  }

  refundLine(back: GoodsBack, line: LineBack): number {
    return 410_000_000_000_000 + back.number * LINES + line.position;
  }

  /** An order from before the simulation: goods come back that this run never saw sold. */
  orderBefore(back: GoodsBack): number {
    return 4_400_000_000_000 + back.number;
  }

  lineItemBefore(back: GoodsBack, line: LineBack): number {
    return 11_200_000_000_000 + back.number * LINES + line.position;
  }
}

export function gid(type: string, id: number | string): string {
  return `gid://shopify/${type}/${id}`;
}

/** The number in a gid of the given type; undefined for anything else. */
export function numberOf(type: string, value: unknown): number | undefined {
  const match = typeof value === 'string' ? /^gid:\/\/shopify\/([A-Za-z]+)\/([1-9]\d{0,18})$/.exec(value) : null;
  return match?.[1] === type ? Number(match[2]) : undefined;
}
