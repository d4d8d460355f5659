import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CallContext, CanonicalEvent, Connector, Manifest, Delivery } from '@crossdock/connector-sdk';
import type { OutsideSystem } from '../../outside-system.js';
import { LoopbackServer, type ServerAnswer, type ServerCall } from '../kit/loopback-server.js';
import type { Random } from '../kit/random.js';

/** Reads a plugin's manifest, as the hub does it: as data. */
export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(new URL(`../../../${folder}/manifest.json`, import.meta.url), 'utf8')) as Manifest;
}

/** Enough of a context for calls that do not go out. */
export function contextFor(config: unknown, http: CallContext['http'] = () => Promise.reject(new Error('no way out'))): CallContext<never> {
  return { connectionId: 'lab', config: config as never, signal: new AbortController().signal, deadlineAt: Date.now() + 30_000, traceId: 'trace', http, log: () => undefined, now: Date.now };
}

export interface ReceivedBehaviour {
  /** Share of deliveries answered 503 before they are taken. */
  readonly unavailableShare: number;
  /** Share of deliveries that are taken and then never answered. */
  readonly lostAnswerShare: number;
}

/**
 * The hub's door in small, written from the manifest and not from the simulators: verifies, takes each delivery once,
 * lets the plugin parse it, and keeps each business key once.
 */
export class ReceivingHub {
  readonly events = new Map<string, CanonicalEvent>();
  readonly topics = new Map<string, number>();
  readonly bodies: { readonly topic: string; readonly body: string; readonly headers: ServerCall['headers'] }[] = [];
  readonly failures: string[] = [];
  forged = 0;
  copies = 0;
  private readonly taken = new Set<string>();
  private readonly server = new LoopbackServer((call) => this.take(call));

  constructor(
    private readonly manifest: Manifest,
    private readonly connector: Connector<never>,
    private readonly system: OutsideSystem,
    private readonly faults?: { readonly behaviour: ReceivedBehaviour; readonly random: Random },
  ) {}

  get url(): string {
    return this.server.url;
  }

  start(port = 0): Promise<string> {
    return this.server.start(port);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** Sum of all movements by item and location. */
  balances(): Map<string, number> {
    const sums = new Map<string, number>();
    for (const event of this.events.values()) {
      if (event.kind !== 'StockMoved') continue;
      const key = `${event.item.sku ?? event.item.id}@${event.location.id}`;
      sums.set(key, (sums.get(key) ?? 0) + (event.movement === 'sale' ? -event.quantity : event.quantity));
    }
    return sums;
  }

  private take(call: ServerCall): ServerAnswer {
    const { behaviour, random } = this.faults ?? {};
    if (behaviour && random?.chance(behaviour.unavailableShare)) return { status: 503, body: {} };
    const declaration = this.manifest.webhooks;
    if (!declaration) return { status: 404, body: {} };
    const header = (name: string): string => String(call.headers[name.toLowerCase()] ?? '');
    const deliveryId = header(declaration.deliveryIdHeader);
    if (!this.verified(call, deliveryId, header)) {
      this.forged += 1;
      return { status: 401, body: {} };
    }
    const topic = declaration.topicHeader ? header(declaration.topicHeader) : call.path.split('/').slice(3).join('/');
    if (this.taken.has(deliveryId)) this.copies += 1;
    else this.parse({ deliveryId, topic, body: call.body, headers: call.headers as Record<string, string>, receivedAt: new Date().toISOString() });
    return behaviour && random?.chance(behaviour.lostAnswerShare) ? 'hang up' : { status: 202, body: {} };
  }

  private verified(call: ServerCall, deliveryId: string, header: (name: string) => string): boolean {
    const scheme = this.manifest.webhooks?.verification;
    if (!scheme) return false;
    const timestamp = scheme.timestamp ? header(scheme.timestamp.header) : '';
    if (scheme.timestamp && Math.abs(Date.now() / 1000 - Number(timestamp)) > scheme.timestamp.toleranceSeconds) return false;
    const signed = (scheme.signedContent ?? '{{body}}').replace(/\{\{(body|timestamp|deliveryId)\}\}/g, (_, name: string) => ({ body: call.body, timestamp, deliveryId })[name] ?? '');
    const secret = this.system.connection()?.credentials[scheme.secret] ?? '';
    const expected = Buffer.from((scheme.prefix ?? '') + createHmac(scheme.algorithm, secret).update(signed).digest(scheme.encoding));
    const given = Buffer.from(header(scheme.header));
    return deliveryId !== '' && expected.length === given.length && timingSafeEqual(expected, given);
  }

  private parse(delivery: Delivery): void {
    this.taken.add(delivery.deliveryId);
    this.topics.set(delivery.topic, (this.topics.get(delivery.topic) ?? 0) + 1);
    this.bodies.push({ topic: delivery.topic, body: delivery.body, headers: delivery.headers });
    const results = this.connector.parseDeliveries?.(contextFor(this.system.connection()?.config), [delivery]);
    if (!Array.isArray(results)) throw new Error('the plugin parses at once');
    for (const result of results) {
      if (result.kind !== 'events') {
        this.failures.push(`${delivery.topic}: ${result.reason}`);
        continue;
      }
      for (const event of result.events) this.events.set(`${event.eventId}#${event.kind === 'StockMoved' ? event.line : ''}`, event);
    }
  }
}
