import type { Channel } from '../directory/channel.js';
import type { ConnectionName } from '../directory/connection-name.js';
import type { SaveOutcome } from '../directory/save-outcome.js';

/** A place that sells, as callers describe it. */
export interface ChannelToSave {
  /** Canonical id: given by the retailer, never changed. */
  readonly id: string;
  readonly name: string;
  /** Ids of the locations that it may source from, at least one. */
  readonly locations: readonly string[];
  /** The connection that it is published through, no other channel's; null for a channel that asks the hub itself. */
  readonly connection: ConnectionName | null;
}

export interface WriteableChannel {
  readonly code: string;
  readonly name: string;
  readonly connection: ConnectionName | null;
  readonly locationIds: number[];
}

export interface ChannelDecision {
  readonly outcome: SaveOutcome;
  /** Present when there is something to write. */
  readonly write?: WriteableChannel;
}

/**
 * Decides, without touching anything, what saving the channels one after the other would do.
 * @param locations the ids of those locations that exist, by code.
 * @param stored every channel there is.
 */
export function decideChannels(channels: readonly ChannelToSave[], locations: ReadonlyMap<string, number>, stored: readonly Channel[]): ChannelDecision[] {
  const byCode = new Map(stored.map((channel) => [channel.code, channel]));
  const publishes = new Map(stored.flatMap(({ connectionId, code }) => (connectionId === null ? [] : [[connectionId, code] as const])));
  return channels.map((channel) => {
    const before = byCode.get(channel.id);
    const decision = decide(channel, locations, before, publishes);
    if (decision.write) {
      if (before?.connectionId != null) publishes.delete(before.connectionId);
      if (channel.connection) publishes.set(channel.connection.sourceId, channel.id);
    }
    return decision;
  });
}

function decide(
  channel: ChannelToSave, locations: ReadonlyMap<string, number>, before: Channel | undefined, publishes: ReadonlyMap<number, string>,
): ChannelDecision {
  const missing = channel.locations.findIndex((code) => !locations.has(code));
  if (missing >= 0) return { outcome: { status: 'rejected', code: 'UNKNOWN_LOCATION', pointer: `/locations/${missing}`, detail: `There is no location '${channel.locations[missing]}'.` } };
  const holder = channel.connection ? publishes.get(channel.connection.sourceId) : undefined;
  if (holder !== undefined && holder !== channel.id) {
    const detail = `The connection '${channel.connection?.id}' publishes the channel '${holder}'; two channels would overwrite one another's figures there.`;
    return { outcome: { status: 'rejected', code: 'CONFLICT', pointer: '/connection', detail } };
  }
  const locationIds = [...new Set(channel.locations.flatMap((code) => locations.get(code) ?? []))].sort((a, b) => a - b);
  const write = { code: channel.id, name: channel.name, connection: channel.connection, locationIds };
  if (!before) return { outcome: { status: 'created' }, write };
  const same = before.name === write.name && before.connectionId === (write.connection?.sourceId ?? null) && String(before.locationIds) === String(locationIds);
  return same ? { outcome: { status: 'unchanged' } } : { outcome: { status: 'updated' }, write };
}
