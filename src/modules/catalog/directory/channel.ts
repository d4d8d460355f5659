/** A place that sells, as other modules need to know it. */
export interface Channel {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  /** The locations that it may source from, ascending. */
  readonly locationIds: number[];
  /** Source id of the connection that the channel is published through. */
  readonly connectionId: number | null;
}
