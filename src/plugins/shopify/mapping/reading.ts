import type { CanonicalEvent } from '@crossdock/connector-sdk';

/** What a payload tells about stock, and why the rest of it moves none. */
export interface Reading {
  readonly events: readonly CanonicalEvent[];
  readonly leftOut: readonly string[];
}

export function nothing(reason: string): Reading {
  return { events: [], leftOut: [reason] };
}

export function together(readings: readonly Reading[]): Reading {
  return { events: readings.flatMap((reading) => reading.events), leftOut: readings.flatMap((reading) => reading.leftOut) };
}
