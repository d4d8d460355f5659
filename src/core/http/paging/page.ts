/** One page of a list, in an order that never changes: what was there before the first page is on exactly one of them. */
export interface Page<Entry> {
  readonly items: Entry[];
  /** Pass as `after` for the next page; null at the end. */
  readonly next: string | null;
}

/** @param rows in the list's order, one more than `limit` where there is a next page. */
export function pageOf<Row>(rows: readonly Row[], limit: number, cursorOf: (last: Row) => string): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

/** The same page with each row as callers see it. */
export async function shown<Row, Entry>({ items, next }: Page<Row>, view: (row: Row) => Entry | Promise<Entry>): Promise<Page<Entry>> {
  return { items: await Promise.all(items.map((row) => view(row))), next };
}
