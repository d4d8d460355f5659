import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { ConnectorModule } from '../../src/core/connector/connector.module.js';
import { PLUGIN_FOLDERS } from '../../src/core/connector/registry/plugin-folders.js';
import { startTestApp } from '../support/app.js';
import { startConnectorApp, type ConnectorApp } from '../support/connector.js';

const CONFIG = { baseUrl: 'https://shop.example' };
const TOKEN = 'canary-token-91c7e2';

let hub: ConnectorApp;
let database: pg.Client;

beforeAll(async () => {
  hub = await startConnectorApp();
  database = new pg.Client({ connectionString: hub.app.databaseUrl });
  await database.connect();
});

afterAll(async () => {
  await database.end();
  await hub.stop();
});

const create = (wish: Readonly<Record<string, unknown>> = {}): ReturnType<ConnectorApp['admin']> =>
  hub.admin('POST', '/admin/v1/connections', { plugin: 'healthy', name: 'Main shop', config: CONFIG, credentials: { token: TOKEN }, ...wish });

const pointers = (body: Record<string, unknown>): string[] => (body.errors as { pointer: string }[]).map((error) => error.pointer).sort();

describe('making a connection', () => {
  it('answers what was stored, defaults included, and never a secret', async () => {
    const { status, body, text } = await create({ id: 'main-shop', credentials: { token: TOKEN, webhookSecret: 'hush-hush' } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: 'main-shop', plugin: 'healthy', name: 'Main shop', config: { ...CONFIG, path: '/levels' }, enabled: true, matchItemsBy: 'reference', allowPrivateNetwork: false, unusableBecause: null, webhookPath: '/webhooks/main-shop',
      credentials: [{ name: 'token', title: 'Access token', required: true, set: true, previousInForce: 0 }, { name: 'webhookSecret', set: true }],
    });
    expect(text).not.toMatch(/canary|hush/);
    expect((await hub.admin('GET', '/admin/v1/connections/main-shop')).body).toEqual(body);
  });

  it('makes an id where none is wished for, and refuses one that is taken', async () => {
    const made = await create();
    expect(made.body.id).toBe(`healthy-${String(made.body.sourceId)}`);
    const taken = await create({ id: made.body.id });
    expect([taken.status, taken.body.code]).toEqual([409, 'CONFLICT']);
  });

  it('names every fault of the configuration by pointer', async () => {
    const { status, body } = await create({ config: { baseUrl: 5, surprise: 1 } });
    expect([status, body.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(pointers(body)).toEqual(['/config/baseUrl', '/config/surprise']);
    expect(pointers((await create({ config: { baseUrl: 'https://a@evil.example/x' } })).body)).toEqual(['/config']);
  });

  it('names every fault of the credentials by field and quotes no value', async () => {
    const { status, body, text } = await create({ credentials: { token: `${TOKEN}\r\nX: y`, unknown: TOKEN, webhookSecret: 7 } });
    expect([status, pointers(body)]).toEqual([422, ['/credentials/token', '/credentials/unknown', '/credentials/webhookSecret']]);
    expect(text).not.toContain('canary');
    expect(pointers((await create({ credentials: {} })).body)).toEqual(['/credentials/token']);
    expect((await create({ credentials: {}, enabled: false })).status).toBe(201);
  });

  it.each([
    [{ plugin: 'nothing' }, 404, 'PLUGIN_NOT_FOUND'], [{ plugin: 'constructor' }, 404, 'PLUGIN_NOT_FOUND'], [{ id: 'Upper' }, 422, 'VALIDATION_FAILED'], [{ id: '../x' }, 422, 'VALIDATION_FAILED'], [{ name: '' }, 422, 'VALIDATION_FAILED'],
    [{ config: [] }, 422, 'VALIDATION_FAILED'], [{ config: null }, 422, 'VALIDATION_FAILED'], [{ matchItemsBy: 'luck' }, 422, 'VALIDATION_FAILED'], [{ surprise: 1 }, 422, 'VALIDATION_FAILED'], [{ allowPrivateNetwork: 'yes' }, 422, 'VALIDATION_FAILED'],
    [{ credentials: { __proto__x: 'a' } }, 422, 'VALIDATION_FAILED'], [{ credentials: { constructor: 'a' } }, 422, 'VALIDATION_FAILED'],
  ])('refuses %j', async (wish, status, code) => {
    const answer = await create(wish);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('is for admins alone', async () => {
    const key = await hub.app.client('stock:write', 'catalog:write');
    for (const [method, path] of [['POST', ''], ['GET', ''], ['GET', '/main-shop'], ['PATCH', '/main-shop'], ['PUT', '/main-shop/credentials'], ['POST', '/main-shop/test'], ['POST', '/main-shop/enable'], ['POST', '/main-shop/disable']] as const) {
      expect((await hub.app.call(method, `/admin/v1/connections${path}`, method === 'GET' ? undefined : {})).status).toBe(401);
      expect((await hub.app.call(method, `/admin/v1/connections${path}`, method === 'GET' ? undefined : {}, { token: key })).status).toBe(403);
    }
    expect((await hub.app.call('GET', '/admin/v1/plugins', undefined, { token: key })).status).toBe(403);
  });
});

describe('changing a connection', () => {
  it('checks a new configuration and leaves the rest alone', async () => {
    await create({ id: 'to-change' });
    const changed = await hub.admin('PATCH', '/admin/v1/connections/to-change', { name: 'Renamed', allowPrivateNetwork: true });
    expect(changed.body).toMatchObject({ name: 'Renamed', allowPrivateNetwork: true, config: { ...CONFIG, path: '/levels' }, matchItemsBy: 'reference', enabled: true });
    expect((await hub.directory.byId('to-change'))?.allowPrivateNetwork).toBe(true);
    expect((await hub.admin('PATCH', '/admin/v1/connections/to-change', { config: {} })).status).toBe(422);
    expect((await hub.admin('PATCH', '/admin/v1/connections/to-change', { plugin: 'loop' })).status).toBe(422);
    expect((await hub.admin('PATCH', '/admin/v1/connections/nothing', { name: 'x' })).body.code).toBe('CONNECTION_NOT_FOUND');
  });

  it('switches on and off again and again, but not on without what is required', async () => {
    await create({ id: 'switch' });
    for (const [verb, enabled] of [['disable', false], ['disable', false], ['enable', true], ['enable', true]] as const) {
      expect((await hub.admin('POST', `/admin/v1/connections/switch/${verb}`)).body.enabled).toBe(enabled);
      expect((await hub.directory.byId('switch'))?.enabled).toBe(enabled);
    }
    await create({ id: 'bare', credentials: {}, enabled: false });
    const refused = await hub.admin('POST', '/admin/v1/connections/bare/enable');
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([409, 'CONFLICT', 'These credentials are required and not stored: token.']);
    await hub.admin('PUT', '/admin/v1/connections/bare/credentials', { credentials: { token: TOKEN } });
    expect((await hub.admin('POST', '/admin/v1/connections/bare/enable')).body.enabled).toBe(true);
  });

  it('pages through all of them', async () => {
    const seen: unknown[] = [];
    for (let after: unknown = ''; after !== null;) {
      const { body } = await hub.admin('GET', `/admin/v1/connections?limit=2&after=${String(after)}`);
      seen.push(...(body.items as { id: unknown }[]).map((item) => item.id));
      after = body.next;
    }
    const { body } = await hub.admin('GET', '/admin/v1/connections?limit=500');
    expect(seen).toEqual((body.items as { id: unknown }[]).map((item) => item.id));
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('secrets', () => {
  const secretsOf = async (id: string): Promise<string[]> => {
    const connection = await hub.directory.byId(id);
    return connection ? (await hub.directory.webhookSecrets(connection)).map(String) : ['no connection'];
  };

  it('overlap while a webhook secret is rotated, newest first, and at most five live', async () => {
    await create({ id: 'rotating' });
    expect(await secretsOf('rotating')).toEqual([]);
    const put = (webhookSecret: string | null, keepPreviousForSeconds?: number): ReturnType<ConnectorApp['admin']> =>
      hub.admin('PUT', '/admin/v1/connections/rotating/credentials', { credentials: { webhookSecret }, keepPreviousForSeconds });
    await put('one');
    await put('two', 600);
    expect(await secretsOf('rotating')).toEqual(['two', 'one']);
    expect((await put('three', 600)).body.credentials).toMatchObject([{}, { set: true, previousInForce: 2 }]);
    for (const next of ['four', 'five', 'six', 'seven']) await put(next, 600);
    expect(await secretsOf('rotating')).toEqual(['seven', 'six', 'five', 'four', 'three']);
    await put('eight', 0);
    expect(await secretsOf('rotating')).toEqual(['eight']);
    await put('nine', 1);
    expect(await secretsOf('rotating')).toEqual(['nine', 'eight']);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await secretsOf('rotating')).toEqual(['nine']);
    expect((await put(null, 600)).body.credentials).toMatchObject([{}, { set: false, previousInForce: 0 }]);
    expect(await secretsOf('rotating')).toEqual([]);
    expect((await hub.admin('PUT', '/admin/v1/connections/rotating/credentials', { credentials: { token: null } })).status).toBe(422);
  });

  it('lie in the database as ciphertext alone, and the key beside it for its owner alone', async () => {
    await create({ id: 'sealed' });
    const { rows } = await database.query("select encode(sealed, 'escape') || key_id as text from connector.credential");
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows as { text: string }[]) expect(row.text).not.toMatch(/canary|hush/);
    const key = join(hub.dataDir, 'credentials.key');
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    const { rows: dump } = await database.query('select connection::text as text from connector.connection');
    const secret = (await readFile(key, 'utf8')).trim();
    for (const row of dump as { text: string }[]) expect(row.text).not.toContain(secret);
  });

  it('do not open in another connection\'s row', async () => {
    await create({ id: 'victim', credentials: { token: TOKEN, webhookSecret: 'victim-secret' } });
    await create({ id: 'thief', credentials: { token: TOKEN, webhookSecret: 'thief-secret' } });
    await database.query(`
      update connector.credential t set sealed = v.sealed from connector.credential v, connector.connection vc, connector.connection tc
      where vc.id = 'victim' and tc.id = 'thief' and v.source_id = vc.source_id and t.source_id = tc.source_id and v.field = 'webhookSecret' and t.field = 'webhookSecret'`);
    await hub.directory.refresh();
    const thief = await hub.directory.byId('thief');
    await expect(hub.directory.webhookSecrets(thief as never)).rejects.toMatchObject({ code: 'CREDENTIALS_UNREADABLE' });
    expect(await secretsOf('victim')).toEqual(['victim-secret']);
  });

  it('are unreadable to a hub with another key, which says so', async () => {
    const { dataDir, folders } = hub;
    const elsewhere = await startTestApp([ConnectorModule], { databaseUrl: hub.app.databaseUrl, dataDir: join(dataDir, 'elsewhere') }, {}, { claimed: false, overrides: [[PLUGIN_FOLDERS, folders]] });
    try {
      const directory = elsewhere.app.get(ConnectionDirectory);
      const connection = await directory.byId('victim');
      await expect(directory.webhookSecrets(connection as never)).rejects.toMatchObject({ code: 'CREDENTIALS_UNREADABLE' });
    } finally {
      await elsewhere.app.close();
    }
  });
});

describe('the directory', () => {
  it('learns within two seconds of what another replica changed, and tells its listeners', async () => {
    await create({ id: 'shared' });
    const heard: string[] = [];
    hub.directory.onChanged((connection) => heard.push(`${connection.id} ${connection.name}`));
    await database.query("update connector.connection set name = 'Changed elsewhere' where id = 'shared'");
    const startedAt = performance.now();
    while ((await hub.directory.byId('shared'))?.name !== 'Changed elsewhere') {
      expect(performance.now() - startedAt).toBeLessThan(2_500);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(heard).toEqual(['shared Changed elsewhere']);
  });

  it('answers from memory: ten thousand questions cost no query', async () => {
    await hub.directory.refresh();
    const startedAt = performance.now();
    for (let index = 0; index < 10_000; index += 1) await hub.directory.byId('shared');
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('says why a connection cannot be used when its plugin is gone or refuses its configuration', async () => {
    await create({ id: 'orphan' });
    await database.query("update connector.connection set plugin = 'gone' where id = 'orphan'");
    await hub.directory.refresh();
    await expect(hub.directory.byId('orphan')).rejects.toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });
    expect((await hub.admin('GET', '/admin/v1/connections/orphan')).body.unusableBecause).toMatch(/'gone' is not among the usable plugins/);
    await database.query("update connector.connection set plugin = 'healthy', config = '{}' where id = 'orphan'");
    await hub.directory.refresh();
    expect((await hub.admin('GET', '/admin/v1/connections/orphan')).body.unusableBecause).toMatch(/does not accept its configuration/);
    expect((await hub.admin('POST', '/admin/v1/connections/orphan/test')).body).toMatchObject({ ok: false, code: 'PLUGIN_UNAVAILABLE' });
    expect(await hub.directory.byId('nothing')).toBeUndefined();
  });
});
