import { rmSync, writeFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConnectorModule } from '../../src/core/connector/connector.module.js';
import { KeysModule } from '../../src/core/keys/keys.module.js';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { Database } from '../../src/core/persistence/database.js';
import { KeyRing } from '../../src/core/vault/key-ring.js';
import { startTestApp, type TestApp } from '../support/app.js';

let hub: TestApp;
const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-keys-'));
const file = join(dataDir, 'credentials.key');
const admin = (method: string, path = '') => hub.call(method, `/admin/v1/keys${path}`, undefined, { token: hub.adminToken });

beforeAll(async () => {
  hub = await startTestApp([OrchestrationModule.forRole('all'), ConnectorModule, KeysModule], { dataDir });
});

afterAll(async () => {
  await hub.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

it('makes a master key at first boot, tells its id and never the key', async () => {
  const answer = await admin('GET');
  expect(answer).toMatchObject({ status: 200, body: { masterKeys: [{ id: expect.stringMatching(/^[0-9a-f]{16}$/), active: true, present: true, secrets: 0 }], rotation: null } });
  expect(answer.text).not.toContain(readFileSync(file, 'utf8').trim());
  expect((await admin('GET', '/check')).body).toEqual({ unreadable: [] });
});

it('brings everything under the first key of the file in the background, and tells when it is done', async () => {
  const ring = hub.app.get(KeyRing, { strict: false });
  const sealed = (await ring.vaultFor('a test')).sealBytes('here', Buffer.from('canary'));
  const old = (await admin('GET')).body.masterKeys as { id: string }[];
  writeFileSync(file, `${Buffer.alloc(32, 3).toString('base64')}\n${readFileSync(file, 'utf8')}`);
  expect(await admin('POST', '/rotation')).toMatchObject({ status: 202, body: { rotation: { toKey: expect.not.stringMatching(old[0]?.id ?? '') } } });
  await expect.poll(async () => (await admin('GET')).body.rotation, { timeout: 10_000 }).toMatchObject({ finishedAt: expect.any(String), remaining: 0 });
  expect((await admin('GET')).body.masterKeys).toMatchObject([{ active: true }, { id: old[0]?.id, active: false, dataKeys: 0, secrets: 0 }]);
  const fresh = new KeyRing({ dataDir, credentialsKeyFile: undefined, credentialsKeys: [Buffer.alloc(32, 3).toString('base64')] }, hub.app.get(Database));
  expect((await fresh.vaultOf(sealed.keyId)).openBytes('here', sealed)?.toString()).toBe('canary');
});

it('goes on with a rotation that another process began and did not live to finish', async () => {
  const database = hub.app.get(Database);
  const { id } = ((await admin('GET')).body.masterKeys as { id: string }[])[0] ?? { id: '' };
  writeFileSync(file, `${Buffer.alloc(32, 4).toString('base64')}\n${readFileSync(file, 'utf8')}`);
  await hub.app.get(KeyRing, { strict: false }).masterKeys();
  const { id: next } = ((await admin('GET')).body.masterKeys as { id: string }[])[0] ?? { id: '' };
  expect(next).not.toBe(id);
  await database.execute('update vault.rotation set to_key = $1, finished_at = null', [next]);
  expect((await admin('GET')).body.rotation).toMatchObject({ toKey: next, finishedAt: null });
  // Beginning it again is what an admin would do; the sweep does so within half a minute.
  await admin('POST', '/rotation');
  await expect.poll(async () => (await admin('GET')).body.rotation, { timeout: 10_000 }).toMatchObject({ toKey: next, finishedAt: expect.any(String), remaining: 0 });
});
