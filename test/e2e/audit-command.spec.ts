import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireBuild, ROOT } from '../support/built.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let store: TestDatabase;

async function sql(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: store.url });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

function audit(...args: string[]): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [join(ROOT, 'dist/src/commands/audit.js'), ...args], { env: { PATH: process.env.PATH, DATABASE_URL: store.url }, encoding: 'utf8' });
}

beforeAll(async () => {
  requireBuild();
  store = await createTestDatabase();
  await sql(`select audit.append('{"actor": {"name": "a"}, "action": "POST /x", "object": "/x"}'::jsonb) from generate_series(1, 5)`);
});

afterAll(() => store.drop());

it('says that the log is intact, exports it, and finds a tail that was cut off by the head that was kept', async () => {
  const good = audit('verify');
  expect(good).toMatchObject({ status: 0, stdout: expect.stringMatching(/^intact: 5 entries\nhead 5:[0-9a-f]{64}\n$/) as string });
  const anchor = /head (.*)/.exec(good.stdout)?.[1] ?? '';
  expect(audit('export').stdout.trim().split('\n')).toHaveLength(5);
  await sql(`alter table audit.entry disable trigger append_only; delete from audit.entry where seq = 5; update audit.head set seq = 4, hash = (select hash from audit.entry where seq = 4)`);
  expect(audit('verify').status).toBe(0);
  expect(audit('verify', '--anchor', anchor)).toMatchObject({ status: 1, stdout: expect.stringContaining('NOT INTACT at 5') as string });
  await sql('delete from audit.entry where seq = 2');
  expect(audit('verify')).toMatchObject({ status: 1, stdout: expect.stringContaining('NOT INTACT at 3') as string });
  expect([audit().status, audit('verify', '--anchor', 'x').status]).toEqual([2, 2]);
});
