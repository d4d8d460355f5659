/** Asks for the next page of one feed that the manifest declares. */
export interface FeedRequest {
  /** One of the manifest's `capabilities.sources.feeds`, by name. */
  readonly feed: string;
  /** Where the last page ended, in the connector's own words; null before the first page and after a person set the feed back to the start. */
  readonly cursor: string | null;
  /** Most records that the page may hold. */
  readonly limit: number;
}

/**
 * One thing that the outside system tells, as a webhook's delivery would. `id` is its identity within the connection, for
 * ever: the hub keeps a record once, so that pages may overlap freely. A record whose content can change needs
 * an id that changes with it (a version, a time of change).
 */
export interface FeedRecord {
  readonly id: string;
  /** One of the feed's topics. */
  readonly topic: string;
  /** Handed to `parseDeliveries` as it is, perhaps much later and more than once. */
  readonly body: string;
}

export interface FeedPage {
  readonly records: readonly FeedRecord[];
  /**
   * Opaque, 1 to 8,192 characters. The hub stores it in one transaction with the records: what a crash takes is polled
   * again. It must never pass over a record that a slow writer outside may still commit: overlap instead.
   */
  readonly nextCursor: string;
  /** More waits right now: the next page is asked for at once instead of at the feed's next turn. */
  readonly hasMore: boolean;
}
