import { expect, it } from 'vitest';
import { HubError } from '../errors/index.js';
import { defaultDataDir, readSettings, SETTING_ROWS } from './settings.js';

const LAUNCHER_TABLE = new URL('../../../bin/launcher/settings-table.mjs', import.meta.url).href;

function complaint(env: NodeJS.ProcessEnv): string {
  try {
    readSettings(env, '/clone');
  } catch (error) {
    if (error instanceof HubError && error.code === 'SETTINGS_INVALID') return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

it('needs no setting at all', () => {
  const settings = readSettings({}, '/clone');
  expect(settings).toMatchObject({ port: 8080, host: '127.0.0.1', role: 'all', logLevel: 'warn', setupToken: undefined, databaseUrl: undefined, pluginsDir: undefined });
});

it('keeps data in the clone, but not for root, whose Postgres runs as another user', () => {
  expect(defaultDataDir('/clone', 1000)).toBe('/clone/.data');
  expect(defaultDataDir('/clone', 0)).toBe('/var/lib/crossdock');
});

it('takes a relative data directory from the clone, and an empty value for none', () => {
  expect(readSettings({ CROSSDOCK_DATA_DIR: 'here/data' }, '/clone').dataDir).toBe('/clone/here/data');
  expect(readSettings({ CROSSDOCK_DATA_DIR: '/var/../srv/data' }, '/clone').dataDir).toBe('/srv/data');
  expect(readSettings({ CROSSDOCK_PORT: ' ' }, '/clone').port).toBe(8080);
});

it.each([
  [{ CROSSDOCK_PORT: '80a' }, /CROSSDOCK_PORT is '80a'/],
  [{ CROSSDOCK_PORT: '65536' }, /from 0 to 65535/],
  [{ CROSSDOCK_PORT: '-1' }, /CROSSDOCK_PORT/],
  [{ CROSSDOCK_ROLE: 'both' }, /one of all, api, worker/],
  [{ CROSSDOCK_LOG_LEVEL: 'loud' }, /one of fatal/],
  [{ CROSSDOCK_SETUP_TOKEN: 'short' }, /16 characters/],
  [{ DATABASE_URL: 'mysql://x' }, /postgres:\/\//],
  [{ CROSSDOCK_PLUGINS_DIR: '/no/such/folder' }, /there is no such folder/],
  [{ CROSSDOCK_PROT: '1' }, /CROSSDOCK_PROT is not a setting/],
])('refuses %o with a sentence that names the variable', (env, words) => {
  expect(complaint(env)).toMatch(words);
});

it('never repeats a setup token or a database password in its complaint', () => {
  expect(complaint({ CROSSDOCK_SETUP_TOKEN: 'hunter2' })).not.toContain('hunter2');
  expect(complaint({ DATABASE_URL: 'pg://u:hunter2@h/d' })).not.toContain('hunter2');
});

it('is described by the same table that the launcher prints before anything is built', async () => {
  const { SETTINGS_TABLE } = (await import(/* @vite-ignore */ LAUNCHER_TABLE)) as { SETTINGS_TABLE: string[][] };
  expect(SETTINGS_TABLE).toEqual(SETTING_ROWS.map((row) => [row.name, row.meaning, row.byDefault]));
});
