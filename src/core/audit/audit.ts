import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ListOrders, seek } from '../http/paging/list-orders.js';
import { pageOf, type Page } from '../http/paging/page.js';
import { Database } from '../persistence/database.js';

/** Who did it: a user, a client, or nobody who was known. */
export interface AuditActor {
  readonly kind: 'user' | 'client' | 'nobody';
  /** The user's e-mail address or the client's id. */
  readonly name: string;
  readonly id: string | null;
  readonly role: string | null;
}

/** What somebody is about to do; holds no secret. */
export interface AuditIntent {
  readonly actor: AuditActor;
  readonly address: string;
  readonly userAgent: string | null;
  /** Method and route: `POST /admin/v1/clients/:id/rotate`. */
  readonly action: string;
  /** The path that was called. */
  readonly object: string;
  /** The body without what is secret in it. */
  readonly change: unknown;
  readonly correlationId: string;
}

/** What is recorded of one request. */
export interface AuditRecord extends AuditIntent {
  /** What was answered; null where the process was killed before it answered: then it may have been done or not. */
  readonly status: number | null;
}

export interface AuditEntry extends AuditRecord {
  readonly seq: number;
  readonly at: string;
  /** Of this entry and all before it, in hexadecimal. */
  readonly hash: string;
}

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly object?: string;
  readonly from?: Date;
  readonly to?: Date;
}

/** The place in the chain that somebody keeps outside: what was there once has to be there still. */
export interface Anchor {
  readonly seq: number;
  readonly hash: string;
}

export interface Verdict {
  readonly intact: boolean;
  readonly entries: number;
  /** The first place that does not fit, and what is wrong there. */
  readonly fault: { readonly seq: number; readonly detail: string } | null;
  /** Keep it outside: a later check against it finds a chain that was cut off or written anew. */
  readonly head: Anchor;
}

interface Row {
  seq: number;
  content: string;
  hash: string;
}

export const AUDIT_ORDERS = new ListOrders('audit', ['bigint'], ['-seq', 'seq']);
const EXPORTED_AT_ONCE = 1_000;
/** Longer than any request of the admin side is under way. */
const FORGOTTEN_AFTER = '10 minutes';
const LOOK_EVERY_MS = 60_000;

/** The log of what was done on the admin side. */
@Injectable()
export class Audit implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('audit');
  private look: NodeJS.Timeout | undefined;

  constructor(private readonly database: Database) {}

  onApplicationBootstrap(): void {
    void this.settleForgotten();
    this.look = setInterval(() => void this.settleForgotten(), LOOK_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.look);
  }

  /** Notes what is about to be done, committed before it is. Answers what `append` is to be given when it is over. */
  async begin(intent: AuditIntent): Promise<number> {
    const [row] = await this.database.query<{ id: number }>('insert into audit.begun (content) values ($1::jsonb) returning id', [JSON.stringify(intent)]);
    return row?.id ?? 0;
  }

  /** @param begun the note of `begin`; it goes in the same transaction as the entry comes. */
  async append(record: AuditRecord, begun?: number): Promise<void> {
    await this.database.query('select audit.conclude($1::bigint, $2::jsonb)', [begun ?? null, JSON.stringify(record)]);
  }

  /** What was begun and never came to an answer is recorded as just that. Every replica looks; one of them finds it. */
  private async settleForgotten(): Promise<void> {
    await this.database.query('select audit.settle_forgotten($1::interval)', [FORGOTTEN_AFTER])
      .catch((error: unknown) => this.logger.debug(`Writes that were never answered are looked for again: ${(error as Error).message}`));
  }

  /** The newest first, where no other order is asked for. @throws HubError CURSOR_INVALID */
  async list(filter: AuditFilter, limit: number, { sort, after }: { readonly sort?: string; readonly after?: string }): Promise<Page<AuditEntry>> {
    const order = AUDIT_ORDERS.through(sort, after);
    const given: unknown[] = [limit + 1, filter.actor ?? null, filter.action ?? null, filter.object ?? null, filter.from?.getTime() ?? null, filter.to?.getTime() ?? null];
    const { condition, orderBy } = seek(order, ['seq'], (value) => `$${given.push(value)}`);
    const rows = await this.database.query<Row>(
      `select seq, content, encode(hash, 'hex') as hash from audit.entry
       where ($2::text is null or actor = $2) and ($3::text is null or action = $3) and ($4::text is null or object = $4)
         and ($5::bigint is null or at_ms >= $5) and ($6::bigint is null or at_ms < $6) and ${condition} order by ${orderBy} limit $1`, given);
    return pageOf(rows.map(entryOf), limit, (last) => order.cursorOf(last.seq));
  }

  /** Every entry, the oldest first, as lines of JSON: content exactly as it was hashed, and its hash. */
  async *lines(): AsyncGenerator<string> {
    for (let after = 0; ; ) {
      const rows = await this.database.query<Row>(`select seq, content, encode(hash, 'hex') as hash from audit.entry where seq > $1 order by seq limit $2`, [after, EXPORTED_AT_ONCE]);
      for (const row of rows) yield `${JSON.stringify({ seq: row.seq, hash: row.hash, content: row.content })}\n`;
      if (rows.length < EXPORTED_AT_ONCE) return;
      after = rows.at(-1)?.seq ?? 0;
    }
  }

  /** Reads the whole chain, as of one moment. */
  async verify(anchor?: Anchor): Promise<Verdict> {
    return this.database.transaction(async (tx) => {
      await tx.execute('set transaction isolation level repeatable read read only');
      await tx.execute(`set local statement_timeout = '10min'`);
      const [head] = await tx.query<Anchor>(`select seq, encode(hash, 'hex') as hash from audit.head`);
      const [counted] = await tx.query<{ entries: number; last: number; last_hash: string }>(`select count(*) as entries, coalesce(max(seq), 0) as last, (select encode(hash, 'hex') from audit.entry order by seq desc limit 1) as last_hash from audit.entry`);
      const [broken] = await tx.query<{ seq: number }>(`
        select seq from (select seq, content, hash, lag(hash, 1, sha256('crossdock audit v1')) over (order by seq) as before, row_number() over (order by seq) as place from audit.entry) e
        where seq <> place or hash <> sha256(before || convert_to(content, 'UTF8')) or (content::jsonb ->> 'seq')::bigint <> seq order by seq limit 1`);
      const known = anchor && (await tx.query(`select 1 from audit.entry where seq = $1 and encode(hash, 'hex') = $2`, [anchor.seq, anchor.hash.toLowerCase()])).length > 0;
      const entries = counted?.entries ?? 0;
      const at = head ?? { seq: 0, hash: '' };
      const cut = at.seq !== (counted?.last ?? 0) || (entries > 0 && at.hash !== counted?.last_hash);
      const fault = broken ? { seq: broken.seq, detail: 'This entry, or the one before it, was changed, moved or taken out.' }
        : cut ? { seq: (counted?.last ?? 0) + 1, detail: 'Entries were cut off at the end.' }
          : known === false ? { seq: anchor?.seq ?? 0, detail: 'The chain does not have the hash that was kept outside: it was cut off or written anew.' } : null;
      return { intact: fault === null, entries, fault, head: at };
    });
  }
}

function entryOf({ content, hash }: Row): AuditEntry {
  const { atMs, ...record } = JSON.parse(content) as AuditRecord & { seq: number; atMs: number };
  return { ...record, at: new Date(atMs).toISOString(), hash };
}
