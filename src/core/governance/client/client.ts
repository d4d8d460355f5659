import { HubError } from '../../errors/index.js';
import type { Queryable } from '../../persistence/database.js';
import type { ClientAnswer } from './client-answer.dto.js';

/** Those of a limited client stand aside (migrations/1700000018000-client-grants.ts); for queries of `governance.api_client c`. */
export const SCOPES_OF_CLIENT = 'coalesce(c.limited_scopes, c.scopes)';

/** A client as it is answered, for a query of `governance.api_client c`. */
export const CLIENT_COLUMNS = `c.id, c.source_id as "sourceId", c.name, ${SCOPES_OF_CLIENT} as scopes, c.limited_to as "limitedTo", c.created_at as "createdAt",
  case when c.revoked_at is null then 'active' when c.disabled then 'disabled' else 'revoked' end as state,
  case when c.disabled then c.revoked_at end as "disabledAt", case when not c.disabled then c.revoked_at end as "revokedAt",
  json_build_object('ratePerSecond', c.rate_per_second, 'burst', c.burst, 'perDay', c.calls_per_day, 'perMonth', c.calls_per_month) as limits,
  (select max(k.last_used_at) from governance.api_key k where k.client_source_id = c.source_id) as "lastUsedAt"`;

/** @throws HubError NOT_FOUND */
export async function findClient(queryable: Queryable, id: string): Promise<ClientAnswer> {
  const [client] = await queryable.query<ClientAnswer>(`select ${CLIENT_COLUMNS} from governance.api_client c where c.id = $1`, [id]);
  if (!client) throw noSuchClient();
  return client;
}

/** Holds the client's row until the transaction ends, so that changes of one client take turns. @throws HubError NOT_FOUND; CONFLICT for a client that was revoked for good. */
export async function lockClient(tx: Queryable, id: string): Promise<ClientAnswer> {
  await tx.query('select 1 from governance.api_client where id = $1 for update', [id]);
  const client = await findClient(tx, id);
  if (client.state === 'revoked') throw new HubError('CONFLICT', { detail: 'The client is revoked; make a new one.' });
  return client;
}

export function noSuchClient(): HubError {
  return new HubError('NOT_FOUND', { detail: 'There is no such client.' });
}
