import type { CanonicalEvent, ParseResult, WebhookDelivery } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import type { Connection } from '../../connector/connection.js';
import { PluginHost } from '../../connector/plugin-host.js';
import type { ClaimedDelivery } from '../lanes.js';
import { blamesDelivery } from './failures.js';
import { isolate } from './isolate.js';

export type Reading =
  | { readonly kind: 'events'; readonly events: readonly CanonicalEvent[] }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The connector broke on this delivery, and on this one alone. */
  | { readonly kind: 'broke'; readonly error: unknown };

/** Has the connector read deliveries, in one call where it can. */
@Injectable()
export class ReadDeliveries {
  constructor(private readonly host: PluginHost) {}

  /**
   * One reading a delivery, in order. A delivery that broke its connector before is read by itself, so that it cannot
   * take others down with it again.
   * @param mayHalve whether a batch that fails is halved until the culprit is found, instead of failing as a whole
   * @throws HubError of the plugin host when nobody is to blame: the connector is away, or fails on everything.
   */
  async read(connection: Connection, deliveries: readonly ClaimedDelivery[], mayHalve: boolean): Promise<Reading[]> {
    const readings = new Map<number, Reading>();
    const forPlugin: ClaimedDelivery[] = [];
    for (const delivery of deliveries) {
      const reading = withoutPlugin(connection, delivery);
      if (reading) readings.set(delivery.id, reading);
      else forPlugin.push(delivery);
    }
    const fresh = forPlugin.filter(({ attempts }) => attempts === 0);
    const run = async (part: readonly ClaimedDelivery[]): Promise<readonly Reading[]> => (await this.host.parseWebhooks(connection, part.map(asSent))).map(readingOf);
    if (fresh.length > 0) {
      const read = mayHalve ? await isolate(fresh, run, blamesDelivery) : (await run(fresh)).map((value) => ({ kind: 'ok' as const, value }));
      read.forEach((result, index) => readings.set((fresh[index] as ClaimedDelivery).id, result.kind === 'ok' ? result.value : { kind: 'broke', error: result.error }));
    }
    for (const suspect of forPlugin.filter(({ attempts }) => attempts > 0)) {
      const [result] = await isolate([suspect], run, blamesDelivery);
      if (result) readings.set(suspect.id, result.kind === 'ok' ? result.value : { kind: 'broke', error: result.error });
    }
    return deliveries.map(({ id }) => readings.get(id) as Reading);
  }
}

function withoutPlugin(connection: Connection, delivery: ClaimedDelivery): Reading | undefined {
  const topics = connection.manifest.webhooks?.topics ?? [];
  if (delivery.topic === '') return { kind: 'failed', reason: 'neither a header nor the address names the topic' };
  return topics.includes(delivery.topic) ? undefined : { kind: 'ignored', reason: `the connector reads no deliveries of the topic '${delivery.topic}'` };
}

function asSent({ senderKey, topic, body, headers, receivedAt }: ClaimedDelivery): WebhookDelivery {
  return { deliveryId: senderKey, topic, body: body.toString('utf8'), headers, receivedAt: receivedAt.toISOString() };
}

function readingOf(result: ParseResult): Reading {
  return result.kind === 'events' ? { kind: 'events', events: result.events } : { kind: result.kind, reason: result.reason };
}
