import { Injectable } from '@nestjs/common';
import { Database } from '../../persistence/database.js';
import { findClient } from './client.js';
import type { UsageAnswer } from './client-answer.dto.js';
import { CallMeter } from './limits/call-meter.js';

/** What a client has used of its quotas. */
@Injectable()
export class Usage {
  constructor(
    private readonly database: Database,
    private readonly meter: CallMeter,
  ) {}

  /** As of now for calls through this process, some seconds ago for calls through others. @throws HubError NOT_FOUND */
  async of(clientId: string): Promise<UsageAnswer> {
    const { sourceId, limits } = await findClient(this.database, clientId);
    await this.meter.settle();
    const [row] = await this.database.query<{ today: number; month: number; day_ends: Date; month_ends: Date }>(
      `select coalesce((select day_calls from governance.client_calls u where u.client_source_id = $1 and u.day = d.day), 0) as today,
              coalesce((select month_calls from governance.client_calls u where u.client_source_id = $1 and u.month = date_trunc('month', d.day)::date), 0) as month,
              (d.day + interval '1 day') at time zone 'utc' as day_ends, (date_trunc('month', d.day) + interval '1 month') at time zone 'utc' as month_ends
       from (select (clock_timestamp() at time zone 'utc')::date::timestamp as day) d`, [sourceId]);
    return {
      day: { calls: row?.today ?? 0, quota: limits.perDay, endsAt: row?.day_ends ?? new Date() },
      month: { calls: row?.month ?? 0, quota: limits.perMonth, endsAt: row?.month_ends ?? new Date() },
    };
  }
}
