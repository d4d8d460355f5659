import { expect, it } from 'vitest';
import { DoomedHub } from '../support/crash/doomed-hub.js';
import type { HubAnswer } from '../support/hub.js';

const doomed = new DoomedHub();

const create = (): Promise<HubAnswer<{ id: string; key: string }>> =>
  doomed.hub.api('POST', '/admin/v1/clients', { name: 'made once', scopes: ['stock:read'] }, { headers: { 'idempotency-key': 'order-4711' } });

it.each([
  ['before its effect is committed', 'insert on governance.api_key', 0],
  ['between its effect and its answer', 'update of status on idempotency.request', 1],
])('does once what a caller asks for twice, killed %s', async (_when, event, doneBefore) => {
  await doomed.standStillAt(event);
  const first = create().catch((error: unknown) => error);
  await doomed.killWhereItStands();
  expect(await first).toBeInstanceOf(Error);
  const made = async (): Promise<string[]> => (await doomed.sql.query<{ id: string }>(`select id from governance.api_client where name = 'made once'`)).rows.map(({ id }) => id);
  expect(await made()).toHaveLength(doneBefore);
  // By then the claim of the killed has run out.
  await doomed.startLater('10 seconds');
  const [second, third] = [await create(), await create()];
  expect(second.status).toBe(201);
  expect(third.body).toEqual(second.body);
  expect(await made()).toEqual([second.body.id]);
  expect(await doomed.hub.api('GET', '/api/v1/ledger', undefined, { token: second.body.key })).toMatchObject({ status: 200 });
}, 60_000);
