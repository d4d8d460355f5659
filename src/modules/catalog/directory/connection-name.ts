/** A connection as the catalogue remembers it. Both never change, so reading a location needs no look at connections. */
export interface ConnectionName {
  /** What people call it. */
  readonly id: string;
  /** Its number as a source of facts. */
  readonly sourceId: number;
}
