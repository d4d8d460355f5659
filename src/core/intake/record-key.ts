/** Where a delivery came from when no webhook brought it. */
export interface FeedOrigin {
  readonly feed: string;
  /** The record's id in the connector's words. */
  readonly recordId: string;
}

const PREFIX = 'feed:';

/** A record's identity among the deliveries of its connection. Names of feeds hold no colon, so it can be read back. */
export function recordKey({ feed, recordId }: FeedOrigin): string {
  return `${PREFIX}${feed}:${recordId}`;
}

/** Undefined for what a webhook brought: the door keeps webhooks out of the feeds' keys. */
export function originOf(senderKey: string): FeedOrigin | undefined {
  if (!looksLikeRecord(senderKey)) return undefined;
  const end = senderKey.indexOf(':', PREFIX.length);
  return { feed: senderKey.slice(PREFIX.length, end), recordId: senderKey.slice(end + 1) };
}

/** Whether an id that a sender chose would be taken for a record's. */
export function looksLikeRecord(senderKey: string): boolean {
  return senderKey.startsWith(PREFIX);
}
