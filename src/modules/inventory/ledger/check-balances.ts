/** Whatever runs SQL and answers rows. */
interface Asked {
  query<Row extends Record<string, unknown>>(sql: string): Promise<{ rows: Row[] }>;
}

/** A level is the sum of its movements: read over the whole ledger, once, for a verified restore. */
export async function checkBalances(client: Asked): Promise<{ readonly check: string; readonly ok: boolean; readonly detail: string }> {
  const { rows } = await client.query<{ levels: string; movements: string; wrong: string }>(`
    with leg as (
      select item_id, to_account as account_id, quantity from inventory.movement where to_account >= 8
      union all
      select item_id, from_account, -quantity from inventory.movement where from_account >= 8
    ), summed as (
      select item_id, account_id, sum(quantity) as on_hand from leg group by item_id, account_id
    )
    select count(*)::text as levels, (select count(*) from inventory.movement)::text as movements,
           count(*) filter (where coalesce(m.on_hand, 0) <> coalesce(s.on_hand, 0))::text as wrong
      from summed m full join inventory.stock_level s using (item_id, account_id)`);
  const { levels, movements, wrong } = rows[0] ?? { levels: '0', movements: '0', wrong: '0' };
  const detail = wrong === '0' ? `${levels} levels are the sums of ${movements} movements` : `${wrong} of ${levels} levels are not the sum of their movements`;
  return { check: 'the ledger', ok: wrong === '0', detail };
}
