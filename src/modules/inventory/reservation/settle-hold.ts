import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HubError } from '../../../core/errors/index.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { Database } from '../../../core/persistence/database.js';
import { CatalogDirectory } from '../../catalog/index.js';
import { physicalAccount } from '../ledger/account.js';
import { POSTING_TOPIC } from '../posting/topic.js';
import { PUBLISH_TOPIC } from '../publication/topic.js';
import { ReadReservations } from './read-reservations.js';
import { RESERVATION_STATES, type HoldOwner, type Reservation } from './reservation.js';

const EXPIRY_TOPIC = 'reservations.expiry';
const EXPIRY_BATCH = 500;
const CONSUMED = 2;
const RELEASED = 3;

/** The ways a hold ends. Each end is final; repeating it answers what is stored, another one is a conflict. */
@Injectable()
export class SettleHold implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly catalog: CatalogDirectory,
    private readonly reservations: ReadReservations,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(EXPIRY_TOPIC, () => this.expire(), { sweepEveryMs: 2_000 });
  }

  /**
   * The goods have left `location`: the sale's movements and the end of the hold are one transaction.
   * @throws HubError NOT_FOUND, RESERVATION_CONFLICT (released, expired), UNKNOWN_LOCATION.
   */
  async consume(owner: HoldOwner, id: number, locationCode: string, correlationId: string): Promise<Reservation> {
    const location = (await this.catalog.locationIds([locationCode])).get(locationCode);
    if (location === undefined) throw new HubError('UNKNOWN_LOCATION', { detail: `There is no location '${locationCode}'.`, errors: [{ pointer: '/location', detail: 'not known' }] });
    return this.settle(owner, id, CONSUMED, physicalAccount(location, 'sellable'), correlationId);
  }

  /** The goods are free again. @throws HubError NOT_FOUND, RESERVATION_CONFLICT (consumed, expired). */
  release(owner: HoldOwner, id: number, correlationId: string): Promise<Reservation> {
    return this.settle(owner, id, RELEASED, null, correlationId);
  }

  private async settle(owner: HoldOwner, id: number, state: number, account: number | null, correlationId: string): Promise<Reservation> {
    if (owner.channels) await this.reservations.one(owner, id);
    const rows = await this.database.query<{ answer: { outcome: string; state?: number } }>(
      'select inventory.settle_reservation($1, $2, $3::smallint, $4, $5) as answer',
      [owner.source, id, state, account, correlationId],
    );
    const answer = rows[0]?.answer;
    if (!answer || answer.outcome === 'not_found') throw new HubError('NOT_FOUND', { detail: `There is no reservation '${id}'.` });
    if (answer.outcome === 'conflict') {
      const ended = RESERVATION_STATES[answer.state ?? 0] ?? '';
      throw new HubError('RESERVATION_CONFLICT', { detail: `The reservation is ${ended} already.`, facts: { state: ended } });
    }
    this.wakeUps.ring(PUBLISH_TOPIC);
    if (state === CONSUMED) this.wakeUps.ring(POSTING_TOPIC);
    return this.reservations.one(owner, id);
  }

  private async expire(): Promise<void> {
    for (;;) {
      const rows = await this.database.query<{ count: number }>('select inventory.expire_reservations($1) as count', [EXPIRY_BATCH]);
      const count = rows[0]?.count ?? 0;
      if (count > 0) this.wakeUps.ring(PUBLISH_TOPIC);
      if (count < EXPIRY_BATCH) return;
    }
  }
}
