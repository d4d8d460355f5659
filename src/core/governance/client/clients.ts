import { Injectable } from '@nestjs/common';
import { Cursor } from '../../http/paging/cursor.js';
import { pageOf } from '../../http/paging/page.js';
import { Database } from '../../persistence/database.js';
import type { CallLimits, Scope } from '../access.js';
import { GrantableKinds } from '../grants/grantable-kinds.js';
import type { LimitedTo } from '../grants/grants.js';
import { AccessVersion } from './access-version.js';
import { CLIENT_COLUMNS, findClient, lockClient, noSuchClient, SCOPES_OF_CLIENT } from './client.js';
import type { ClientAnswer, ClientPageAnswer, NewClientAnswer } from './client-answer.dto.js';
import type { ListClientsQuery } from './client.dto.js';
import { newClientId } from './key-format.js';
import { storeKey, type KeyWish } from './keys.js';

export interface ClientWish {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly limits: CallLimits;
  /** Null, or nothing, for everything. */
  readonly limitedTo?: LimitedTo | null;
}

export const NO_LIMITS: CallLimits = { ratePerSecond: null, burst: null, perDay: null, perMonth: null };

const CURSOR = new Cursor('clients', ['integer']);

/** The clients of the business API: made, listed, changed, switched off and on, revoked. */
@Injectable()
export class Clients {
  constructor(
    private readonly database: Database,
    private readonly version: AccessVersion,
    private readonly kinds: GrantableKinds,
  ) {}

  /** The key is in this answer and nowhere else. @throws HubError VALIDATION_FAILED for a key that would end before it begins, and for objects that do not exist. */
  async create(wish: ClientWish, key: KeyWish = {}): Promise<NewClientAnswer> {
    const limitedTo = wish.limitedTo ? await this.kinds.check(wish.limitedTo) : null;
    return this.version.change(async (tx) => {
      const id = newClientId();
      const [made] = await tx.query<{ source_id: number }>(`insert into governance.api_client (id, name, scopes) values ($1, $2, '{}') returning source_id`, [id, wish.name]);
      await tx.execute(SET_SCOPES, [id, ...scopeValues(wish.scopes, limitedTo)]);
      await tx.execute(SET_LIMITS, [id, ...limitValues(wish.limits)]);
      const stored = await storeKey(tx, { id, sourceId: made?.source_id ?? 0 }, key, '/keyExpiresAt');
      return { ...(await findClient(tx, id)), keyId: stored.id, key: stored.key };
    });
  }

  /** In the order they were made. @throws HubError CURSOR_INVALID */
  async list({ limit, after: cursor, state, scope, name }: ListClientsQuery): Promise<ClientPageAnswer> {
    const [after] = CURSOR.read(cursor) ?? [0];
    const rows = await this.database.query<ClientAnswer>(
      `select ${CLIENT_COLUMNS} from governance.api_client c
       where c.source_id > $1 and ($3::text is null or $3 = case when c.revoked_at is null then 'active' when c.disabled then 'disabled' else 'revoked' end)
         and ($4::text is null or $4 = any(${SCOPES_OF_CLIENT})) and ($5::text is null or strpos(lower(c.name), lower($5)) > 0)
       order by c.source_id limit $2`, [after, limit + 1, state ?? null, scope ?? null, name ?? null]);
    return pageOf(rows, limit, (last) => CURSOR.write(last.sourceId));
  }

  /** @throws HubError NOT_FOUND */
  get(id: string): Promise<ClientAnswer> {
    return findClient(this.database, id);
  }

  /** What is not named stays. @throws HubError NOT_FOUND; VALIDATION_FAILED for objects that do not exist; CONFLICT for a revoked client. */
  async change(id: string, wish: Partial<ClientWish>): Promise<ClientAnswer> {
    const checked = wish.limitedTo ? { ...wish, limitedTo: await this.kinds.check(wish.limitedTo) } : wish;
    return this.version.change(async (tx) => {
      const { name, scopes, limits, limitedTo } = { ...(await lockClient(tx, id)), ...checked };
      await tx.execute('update governance.api_client set name = $2 where id = $1', [id, name]);
      await tx.execute(SET_SCOPES, [id, ...scopeValues(scopes, limitedTo)]);
      await tx.execute(SET_LIMITS, [id, ...limitValues(limits)]);
      return findClient(tx, id);
    });
  }

  /** Nobody is let in as this client until `enable`; its keys stay. Repeating it changes nothing. @throws HubError NOT_FOUND, CONFLICT */
  async disable(id: string): Promise<ClientAnswer> {
    return this.version.change(async (tx) => {
      await lockClient(tx, id);
      await tx.execute('update governance.api_client set disabled = true, revoked_at = coalesce(revoked_at, now()) where id = $1', [id]);
      return findClient(tx, id);
    });
  }

  /** @throws HubError NOT_FOUND, CONFLICT */
  async enable(id: string): Promise<ClientAnswer> {
    return this.version.change(async (tx) => {
      await lockClient(tx, id);
      await tx.execute('update governance.api_client set disabled = false, revoked_at = null where id = $1', [id]);
      return findClient(tx, id);
    });
  }

  /** For good: all its keys are removed. What it recorded, and its entry in the list, stay. Repeating it changes nothing. @throws HubError NOT_FOUND */
  async revoke(id: string): Promise<ClientAnswer> {
    return this.version.change(async (tx) => {
      const [client] = await tx.query<{ source_id: number }>(
        'update governance.api_client set revoked_at = case when disabled or revoked_at is null then now() else revoked_at end, disabled = false where id = $1 returning source_id', [id]);
      if (!client) throw noSuchClient();
      const revoked = await findClient(tx, id);
      await tx.execute('delete from governance.api_key where client_source_id = $1', [client.source_id]);
      return revoked;
    });
  }
}

const SET_LIMITS = 'update governance.api_client set rate_per_second = $2, burst = $3, calls_per_day = $4, calls_per_month = $5 where id = $1';

const SET_SCOPES = 'update governance.api_client set scopes = $2, limited_scopes = $3, limited_to = $4::jsonb where id = $1';

function scopeValues(scopes: readonly Scope[], limitedTo: LimitedTo | null | undefined): unknown[] {
  const all = [...new Set(scopes)];
  return limitedTo === null || limitedTo === undefined ? [all, null, null] : [[], all, JSON.stringify(limitedTo)];
}

/** Without a burst, as many calls at once as a second gives. */
function limitValues({ ratePerSecond, burst, perDay, perMonth }: CallLimits): (number | null)[] {
  return [ratePerSecond, ratePerSecond === null ? null : (burst ?? Math.max(1, Math.ceil(ratePerSecond))), perDay, perMonth];
}
