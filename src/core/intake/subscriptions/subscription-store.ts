import type { SubscriptionResult } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import { Database } from '../../persistence/database.js';

export interface SubscriptionPlan {
  readonly topics: readonly string[];
  readonly dueAt: Date;
  readonly checkedAt: Date | null;
  readonly failures: number;
  readonly lastError: string | null;
}

export interface KeptSubscription {
  readonly topic: string;
  /** Null where nobody has looked yet. */
  readonly state: SubscriptionResult['kind'] | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly checkedAt: Date | null;
}

/** A plan lent to this process until the lease ends; `fence` proves the loan. */
export interface PlanClaim {
  readonly sourceId: number;
  readonly topics: readonly string[];
  readonly fence: number;
}

const LEASE = '60 seconds';
/** Shopify takes a subscription away after failed deliveries of two days: an hour leaves room for a person. */
const AGAIN_AFTER = '1 hour';

/** The SQL of subscriptions. Leases and pauses go by the database's clock. */
@Injectable()
export class SubscriptionStore {
  constructor(private readonly database: Database) {}

  /** Says what is wanted from now on, and has it looked at at once. What was seen of other topics is forgotten. */
  async want(sourceId: number, topics: readonly string[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.execute(
        `insert into intake.subscription_plan as p (source_id, topics) values ($1, $2)
         on conflict (source_id) do update set topics = excluded.topics, due_at = now(), fence = p.fence + 1, claimed_until = '-infinity', failures = 0, last_error = null`,
        [sourceId, topics],
      );
      await tx.execute('delete from intake.subscription where source_id = $1 and topic <> all ($2::text[])', [sourceId, topics]);
    });
  }

  /** @returns false when there is no plan to look at. */
  async hurry(sourceId: number): Promise<boolean> {
    return (await this.database.execute('update intake.subscription_plan set due_at = now() where source_id = $1', [sourceId])) === 1;
  }

  async forget(sourceId: number): Promise<boolean> {
    return (await this.database.execute('delete from intake.subscription_plan where source_id = $1', [sourceId])) === 1;
  }

  async plan(sourceId: number): Promise<SubscriptionPlan | undefined> {
    const [plan] = await this.database.query<SubscriptionPlan>(
      `select topics, due_at as "dueAt", checked_at as "checkedAt", failures, last_error as "lastError" from intake.subscription_plan where source_id = $1`, [sourceId],
    );
    return plan;
  }

  list(sourceId: number): Promise<KeptSubscription[]> {
    return this.database.query<KeptSubscription>(
      `select wanted.topic, s.state, s.code, s.detail, s.checked_at as "checkedAt"
         from intake.subscription_plan p cross join unnest(p.topics) with ordinality as wanted (topic, place)
         left join intake.subscription s on s.source_id = p.source_id and s.topic = wanted.topic
        where p.source_id = $1 order by wanted.place`,
      [sourceId],
    );
  }

  /** Lends the plan that is due longest, of those of `sources`. */
  async claim(sources: readonly number[]): Promise<PlanClaim | undefined> {
    const [claim] = await this.database.query<PlanClaim>(
      `update intake.subscription_plan p set fence = p.fence + 1, claimed_until = clock_timestamp() + interval '${LEASE}'
         from (select source_id from intake.subscription_plan where source_id = any ($1::integer[]) and due_at <= clock_timestamp() and claimed_until <= clock_timestamp()
                order by due_at, source_id limit 1 for update skip locked) due
        where p.source_id = due.source_id returning p.source_id as "sourceId", p.topics, p.fence`,
      [sources],
    );
    return claim;
  }

  /** Writes what was found; nothing where the plan was lost to another process or changed meanwhile. */
  async keep({ sourceId, topics, fence }: PlanClaim, results: readonly SubscriptionResult[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [ours] = await tx.query(
        `update intake.subscription_plan set checked_at = clock_timestamp(), due_at = clock_timestamp() + interval '${AGAIN_AFTER}', claimed_until = '-infinity', failures = 0, last_error = null
          where source_id = $1 and fence = $2 returning 1`,
        [sourceId, fence],
      );
      if (!ours) return;
      await tx.execute(
        `insert into intake.subscription (source_id, topic, state, code, detail, checked_at)
         select $1, w.*, clock_timestamp() from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as w
         on conflict (source_id, topic) do update set state = excluded.state, code = excluded.code, detail = excluded.detail, checked_at = excluded.checked_at`,
        [sourceId, topics, results.map(({ kind }) => kind), results.map((one) => ('code' in one ? one.code : null)), results.map((one) => ('detail' in one ? one.detail : null))],
      );
    });
  }

  /** Gives a plan back after a failure of the whole call: looked at again later each time, half a minute to an hour. */
  async fail({ sourceId, fence }: PlanClaim, error: string, retryAfterSeconds: number): Promise<void> {
    await this.database.execute(
      `update intake.subscription_plan set failures = failures + 1, last_error = $3, claimed_until = '-infinity',
         due_at = clock_timestamp() + greatest($4, least(3600, 30 * power(2, least(failures, 10))) * (0.75 + random() / 4)) * interval '1 second'
       where source_id = $1 and fence = $2`,
      [sourceId, fence, error, retryAfterSeconds],
    );
  }
}
