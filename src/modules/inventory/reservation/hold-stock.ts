import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { HubError, type FieldError } from '../../../core/errors/index.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { Coalescer } from '../../../core/persistence/coalescer.js';
import { Database } from '../../../core/persistence/database.js';
import { CatalogDirectory } from '../../catalog/index.js';
import { PUBLISH_TOPIC } from '../publication/topic.js';
import { ReadReservations } from './read-reservations.js';
import type { HoldOwner, Reservation, ReservationRequest } from './reservation.js';

interface Ask {
  readonly source: number;
  readonly key: string;
  readonly channel: number;
  readonly ttl: number;
  readonly partial: boolean;
  readonly digest: string;
  readonly correlation: string;
  readonly lines: readonly { readonly item: number; readonly quantity: number }[];
}

interface Answer {
  readonly outcome: 'held' | 'replayed' | 'short' | 'conflict' | 'unknown_channel' | 'raced';
  readonly id?: number;
  readonly missing?: readonly { readonly line: number; readonly wanted: number; readonly available: number }[];
}

const MOST_A_BATCH = 200;
const MOST_WAITING = 5_000;

/** Promises stock: checking and holding are one act in the database, decided in the order of arrival. */
@Injectable()
export class HoldStock {
  private readonly asks: Coalescer<Ask, Answer>;

  constructor(
    private readonly database: Database,
    private readonly catalog: CatalogDirectory,
    private readonly reservations: ReadReservations,
    private readonly wakeUps: WakeUps,
  ) {
    this.asks = new Coalescer((asks: Ask[]) => this.decide(asks), MOST_A_BATCH);
  }

  /**
   * Holds every line or none (with allowPartial: what there is). Idempotent by (caller, key, lines); other lines under a
   * key that is still held replace its hold in one act.
   * @returns the hold, and whether this call made it.
   * @throws HubError INSUFFICIENT_STOCK with what is missing; RESERVATION_CONFLICT when the key's hold has ended with
   *   other lines; UNKNOWN_ITEM, UNKNOWN_CHANNEL; OVERLOADED.
   */
  async hold(owner: HoldOwner, request: ReservationRequest, correlationId: string): Promise<{ reservation: Reservation; created: boolean }> {
    // A client's keys are its own; only a client that was limited after it had used one meets it here.
    if (await this.reservations.isOfAnotherChannel(owner, request.key)) throw new HubError('RESERVATION_CONFLICT', { detail: `The key '${request.key}' belongs to a reservation of another channel.` });
    const ask = await this.resolve(owner.source, request, correlationId);
    if (this.asks.backlog > MOST_WAITING) throw new HubError('OVERLOADED', { detail: 'Too many reservations are waiting to be decided.', retryAfterSeconds: 1 });
    let answer = await this.asks.submit(ask);
    if (answer.outcome === 'raced') answer = await this.asks.submit(ask);
    if (answer.outcome === 'short') throw short(request, answer);
    if (answer.outcome === 'unknown_channel') throw new HubError('UNKNOWN_CHANNEL', { detail: `There is no channel '${request.channel}'.` });
    if (answer.id === undefined || answer.outcome === 'conflict' || answer.outcome === 'raced') {
      throw new HubError('RESERVATION_CONFLICT', { detail: `The key '${request.key}' belongs to a reservation that is no longer held and has other lines.`, facts: { id: answer.id } });
    }
    if (answer.outcome === 'held') this.wakeUps.ring(PUBLISH_TOPIC);
    return { reservation: await this.reservations.one(owner, answer.id), created: answer.outcome === 'held' };
  }

  private async resolve(source: number, request: ReservationRequest, correlation: string): Promise<Ask> {
    const [channels, items] = await Promise.all([this.catalog.channelIds([request.channel]), this.catalog.itemIds(new Set(request.lines.map((line) => line.item)))]);
    const channel = channels.get(request.channel);
    if (channel === undefined) throw new HubError('UNKNOWN_CHANNEL', { detail: `There is no channel '${request.channel}'.`, errors: [{ pointer: '/channel', detail: 'not known' }] });
    const unknown = request.lines.flatMap((line, index): FieldError[] => (items.has(line.item) ? [] : [{ pointer: `/lines/${index}/item`, detail: `'${line.item}' is not in the catalogue` }]));
    if (unknown.length > 0) throw new HubError('UNKNOWN_ITEM', { errors: unknown });
    const lines = request.lines.map((line) => ({ item: items.get(line.item) as number, quantity: line.quantity }));
    const digest = createHash('sha256').update(JSON.stringify([channel, request.allowPartial ?? false, lines])).digest('base64');
    return { source, key: request.key, channel, ttl: request.ttlSeconds, partial: request.allowPartial ?? false, digest, correlation, lines };
  }

  private async decide(asks: Ask[]): Promise<Answer[]> {
    const rows = await this.database.query<{ answers: Answer[] }>('select inventory.reserve($1::jsonb) as answers', [JSON.stringify(asks)]);
    return rows[0]?.answers ?? [];
  }
}

function short(request: ReservationRequest, answer: Answer): HubError {
  const missing = (answer.missing ?? []).map(({ line, wanted, available }) => ({ line, item: request.lines[line]?.item, wanted, available }));
  return new HubError('INSUFFICIENT_STOCK', {
    detail: missing.map(({ item, wanted, available }) => `${item}: ${wanted} wanted, ${available} available`).join('; '),
    facts: { missing },
    errors: missing.map(({ line, available }) => ({ pointer: `/lines/${line}/quantity`, detail: `only ${available} available` })),
  });
}
