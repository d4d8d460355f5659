import type { CanonicalEvent, ParseResult, Delivery } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import type { Connection } from '../../connector/connection.js';
import { PluginHost } from '../../connector/plugin-host.js';
import { originOf } from '../record-key.js';
import type { ClaimedDelivery } from '../lanes.js';
import { blamesDelivery } from './failures.js';

export type Reading =
  | { readonly kind: 'events'; readonly events: readonly CanonicalEvent[] }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The connector broke on this delivery, and on this one alone. */
  | { readonly kind: 'broke'; readonly error: unknown };

/** What was read before something made it pointless to go on. */
export interface ReadResult {
  /** By delivery id. A delivery that is missing was not tried. */
  readonly readings: ReadonlyMap<number, Reading>;
  /** The connector read one of them at least, whatever it made of it. */
  readonly answered: boolean;
  /** Why the rest was not tried: the connector is away, or fails on everything. */
  readonly stopped?: unknown;
}

/** So many that break the connector, and none that does not, mean that the fault is the connector's. */
const SUSPICIOUS = 3;

/** Has the connector read deliveries, in one call where it can. */
@Injectable()
export class ReadDeliveries {
  constructor(private readonly host: PluginHost) {}

  /**
   * Reads a batch in one call. With `oneByOne` each delivery is a call of its own: that finds whoever breaks the connector at
   * the price of one crash, where halving would cost one at each level, and after a crash a connector is away for a while.
   * Deliveries that broke it before are always read by themselves, and last.
   * @throws HubError of the plugin host when the one call for the batch fails: then nothing is known of any delivery.
   */
  async read(connection: Connection, deliveries: readonly ClaimedDelivery[], oneByOne: boolean): Promise<ReadResult> {
    const readings = new Map<number, Reading>();
    const forPlugin: ClaimedDelivery[] = [];
    for (const delivery of deliveries) {
      const reading = withoutPlugin(connection, delivery);
      if (reading) readings.set(delivery.id, reading);
      else forPlugin.push(delivery);
    }
    const fresh = forPlugin.filter(({ attempts }) => attempts === 0);
    const suspects = forPlugin.filter(({ attempts }) => attempts > 0);
    if (!oneByOne && fresh.length > 0) await this.parse(connection, fresh, readings);
    const stopped = await this.readEach(connection, oneByOne ? [...fresh, ...suspects] : suspects, readings);
    const answered = forPlugin.some(({ id }) => (readings.get(id) ?? { kind: 'broke' }).kind !== 'broke');
    return { readings, answered, stopped };
  }

  private async readEach(connection: Connection, deliveries: readonly ClaimedDelivery[], readings: Map<number, Reading>): Promise<unknown> {
    let broke = 0;
    for (const delivery of deliveries) {
      try {
        await this.parse(connection, [delivery], readings);
      } catch (error) {
        if (!blamesDelivery(error)) return error;
        readings.set(delivery.id, { kind: 'broke', error });
        broke += 1;
        if (broke >= SUSPICIOUS && readings.size === broke) return error;
      }
    }
    return undefined;
  }

  private async parse(connection: Connection, deliveries: readonly ClaimedDelivery[], readings: Map<number, Reading>): Promise<void> {
    const results = await this.host.parseDeliveries(connection, deliveries.map(asSent));
    deliveries.forEach(({ id }, index) => readings.set(id, readingOf(results[index] as ParseResult)));
  }
}

function withoutPlugin(connection: Connection, delivery: ClaimedDelivery): Reading | undefined {
  if (delivery.topic === '') return { kind: 'failed', reason: 'neither a header nor the address names the topic' };
  return topicsLike(connection, delivery).includes(delivery.topic) ? undefined : { kind: 'ignored', reason: `the connector reads no deliveries of the topic '${delivery.topic}'` };
}

/** A record may have come by a feed that the connector has renamed since: what counts is that it knows the topic. */
function topicsLike({ manifest }: Connection, { senderKey }: ClaimedDelivery): readonly string[] {
  return originOf(senderKey) ? (manifest.capabilities.sources?.feeds ?? []).flatMap(({ topics }) => topics) : (manifest.webhooks?.topics ?? []);
}

function asSent({ senderKey, topic, body, headers, receivedAt }: ClaimedDelivery): Delivery {
  return { deliveryId: originOf(senderKey)?.recordId ?? senderKey, topic, body: body.toString('utf8'), headers, receivedAt: receivedAt.toISOString() };
}

function readingOf(result: ParseResult): Reading {
  return result.kind === 'events' ? { kind: 'events', events: result.events } : { kind: result.kind, reason: result.reason };
}
