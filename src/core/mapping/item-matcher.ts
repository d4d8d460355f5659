/**
 * How a connection without stored references finds items: by stock-keeping unit. The module that owns items registers
 * itself, since core knows no module. Both maps hold only what exists; an item that has no SKU of its own answers to
 * its canonical id.
 */
export interface ItemMatcher {
  /** Canonical ids by SKU. */
  itemsBySku(skus: readonly string[]): Promise<Map<string, string>>;
  /** SKUs by canonical id. */
  skusOfItems(items: readonly string[]): Promise<Map<string, string>>;
}
