import { expect, it } from 'vitest';
import { DoomedHub } from '../support/crash/doomed-hub.js';
import { HUB_ADMIN } from '../support/hub.js';

interface Entry {
  readonly action: string;
  readonly status: number | null;
  readonly change: unknown;
  readonly actor: { readonly name: string };
}

const doomed = new DoomedHub();

const made = async (): Promise<number | null> => (await doomed.sql.query(`select from governance.api_client where name = 'made in secret'`)).rowCount;
const entries = async (): Promise<Entry[]> => (await doomed.hub.api<{ items: Entry[] }>('GET', '/admin/v1/audit?action=POST%20/admin/v1/clients')).body.items;

it.each([
  ['between a write and its entry', 'insert on audit.entry', 1],
  ['within the write itself', 'insert on governance.api_key', 0],
])('leaves no write without a trace, killed %s: the log says that nobody knows how it ended', async (_when, event, done) => {
  await doomed.standStillAt(event);
  const call = doomed.hub.api('POST', '/admin/v1/clients', { name: 'made in secret', scopes: ['stock:read'] }).catch((error: unknown) => error);
  await doomed.killWhereItStands();
  expect(await call).toBeInstanceOf(Error);
  expect(await made()).toBe(done);

  await doomed.sql.query(`select audit.settle_forgotten('10 minutes')`);
  expect((await doomed.sql.query('select from audit.begun')).rowCount).toBe(1);
  await doomed.startLater('11 minutes');
  await expect.poll(async () => (await entries()).filter(({ status }) => status === null)).toMatchObject([
    { action: 'POST /admin/v1/clients', status: null, change: { name: '[hidden]', scopes: '[hidden]' }, actor: { name: HUB_ADMIN.email } },
  ]);
  expect((await doomed.hub.api('POST', '/admin/v1/audit/verify', {})).body).toMatchObject({ intact: true });
  expect((await doomed.sql.query('select from audit.begun')).rowCount).toBe(0);
}, 90_000);
