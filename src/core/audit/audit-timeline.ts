import { Injectable } from '@nestjs/common';
import { Timeline, type TimelineAsk, type TimelineEntry } from '../observability/timeline/timeline.js';
import { Database } from '../persistence/database.js';

interface Row {
  readonly atUs: number;
  readonly key: string;
  readonly seq: number;
  readonly action: string;
  readonly status: number | null;
}

/** The condition is the index's own expression. */
const SQL = `
  select * from (
    select e.at_ms * 1000 as "atUs", ('audit/' || lpad(e.seq::text, 15, '0')) collate "C" as key, e.seq, e.action, (e.content::jsonb ->> 'status')::int as status
    from audit.entry e where e.content::jsonb ->> 'correlationId' = $1
  ) mine where ("atUs", key) > ($2, $3) order by "atUs", key limit $4`;

/** Of a correlation id: writes of the admin side. Who made them, and what was sent, is for those who may read the log itself. */
@Injectable()
export class AuditTimeline {
  constructor(
    private readonly database: Database,
    timeline: Timeline,
  ) {
    timeline.register((ask) => this.entries(ask));
  }

  private async entries({ correlationId, after, limit }: TimelineAsk): Promise<TimelineEntry[]> {
    const rows = await this.database.query<Row>(SQL, [correlationId, after.atUs, after.key, limit]);
    return rows.map(({ atUs, key, seq, action, status }) => ({ atUs, key, kind: 'admin.write', summary: `${action} ${status === null ? 'was begun, and the hub was killed before it answered' : `was answered ${status}`} (entry ${seq} of the audit log).`, details: { seq, action, status } }));
  }
}
