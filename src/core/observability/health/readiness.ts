import { Injectable, type OnModuleDestroy, Optional } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { MIGRATIONS } from '../../../../migrations/index.js';
import { QueueHealth } from '../../orchestration/queue-health.js';
import { within } from '../../orchestration/within.js';
import { Database } from '../../persistence/database.js';
import { Draining } from '../draining.js';
import { DiskRoom } from './disk-room.js';
import { EventLoopLag } from './event-loop-lag.js';

const DATABASE_ANSWERS_WITHIN_MS = 2_000;
/** Above this the process answers, but late: a load balancer should prefer another replica. */
const MOST_EVENT_LOOP_LAG_MS = 1_000;
/** Readiness is public, so asking often must not become work for the database. */
const DATABASE_ANSWER_KEPT_MS = 500;

/** The things that have to hold before this process should be sent requests. */
@Injectable()
export class Readiness implements OnModuleDestroy {
  private readonly lag = new EventLoopLag();
  private asked: { at: number; missing: Promise<number> } | undefined;

  constructor(
    private readonly database: Database,
    private readonly indicators: HealthIndicatorService,
    private readonly draining: Draining,
    private readonly disk: DiskRoom,
    @Optional() private readonly queue?: QueueHealth,
  ) {}

  onModuleDestroy(): void {
    this.lag.stop();
  }

  async databaseAnswers(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('database');
    try {
      const missing = await this.missingMigrations();
      return missing === 0 ? check.up() : check.down({ reason: `${missing} migrations are not applied yet` });
    } catch {
      return check.down({ reason: 'Postgres does not answer' });
    }
  }

  eventLoop(): HealthIndicatorResult {
    const check = this.indicators.check('eventLoop');
    const lagMs = this.lag.ms;
    return lagMs <= MOST_EVENT_LOOP_LAG_MS ? check.up({ lagMs }) : check.down({ lagMs, reason: `the process is ${lagMs} ms late with everything; at most ${MOST_EVENT_LOOP_LAG_MS} are fit to serve` });
  }

  /** Before the disk is full, not after: Postgres then stops in the middle of what it does. */
  async diskHasRoom(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('disk');
    const room = await this.disk.left();
    return room.reason === undefined ? check.up({ ...room }) : check.down({ ...room });
  }

  /** Told and never a reason to be unready: every replica would leave the load balancer for what costs only moments. */
  queueAnswers(): HealthIndicatorResult {
    return this.indicators.check('queue').up({ ...this.queue?.state });
  }

  serving(): HealthIndicatorResult {
    const check = this.indicators.check('serving');
    return this.draining.active ? check.down({ reason: 'the hub is stopping' }) : check.up();
  }

  private missingMigrations(): Promise<number> {
    const now = performance.now();
    if (!this.asked || now - this.asked.at > DATABASE_ANSWER_KEPT_MS) {
      const missing = within(DATABASE_ANSWERS_WITHIN_MS, this.countMissing());
      // Whoever asks next within the half second shares this answer, a failure included.
      missing.catch(() => undefined);
      this.asked = { at: now, missing };
    }
    return this.asked.missing;
  }

  private async countMissing(): Promise<number> {
    const [row] = await this.database.query<{ applied: number }>('select count(distinct name)::int as applied from migrations where name = any($1)', [MIGRATIONS.map((migration) => migration.name)]);
    return MIGRATIONS.length - (row?.applied ?? 0);
  }
}
