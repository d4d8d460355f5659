/** The numbers that stand in the database for the states of a hold; all but `HELD` are terminal. */
export const RESERVATION_STATES = ['', 'HELD', 'CONSUMED', 'RELEASED', 'EXPIRED'] as const;
export type ReservationState = Exclude<(typeof RESERVATION_STATES)[number], ''>;

export interface ReservationLine {
  /** Position in the request, from 0. */
  readonly line: number;
  readonly item: string;
  /** Units held; with allowPartial it may be less than asked, and a line of which nothing is held is left out. */
  readonly quantity: number;
}

export interface Reservation {
  readonly id: string;
  readonly key: string;
  readonly channel: string;
  readonly state: ReservationState;
  readonly lines: readonly ReservationLine[];
  readonly expiresAt: string;
  readonly createdAt: string;
}

/** Who looks at holds: what is not the reader's does not exist to it. */
export interface HoldReader {
  /** The client's number; undefined for everybody's holds. */
  readonly source?: number;
  /** Codes of channels; undefined for all. */
  readonly channels?: readonly string[];
}

/** Who makes and ends holds. */
export interface HoldOwner extends HoldReader {
  readonly source: number;
}

export interface ReservationRequest {
  /** The cart's or order's identity. The same key and lines are answered with what is stored. */
  readonly key: string;
  readonly channel: string;
  readonly ttlSeconds: number;
  readonly allowPartial?: boolean;
  readonly lines: readonly { readonly item: string; readonly quantity: number }[];
}
