/** A thing that is stocked and sold, in its stock-keeping unit. */
export interface Item {
  /** Canonical id: given by the retailer, never changed. */
  readonly id: string;
  readonly name: string;
  /** The retailer's stock-keeping unit, one item's alone; the id where the retailer gives none. */
  readonly sku: string;
  /** Global Trade Item Number with a correct check digit, as it was given (8, 12, 13 or 14 digits). */
  readonly gtin: string | null;
  /** What one unit of quantity is, for example `each`. */
  readonly unit: string;
}
