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
  expect(settings).toMatchObject({ port: 8080, host: '127.0.0.1', role: 'all', logLevel: 'warn', metrics: 'open', setupToken: undefined, databaseUrl: undefined, pluginsDir: undefined, publicUrl: undefined, trustedProxies: [], oidc: undefined });
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
  [{ CROSSDOCK_METRICS: 'yes' }, /one of open, closed, off/],
  [{ CROSSDOCK_SETUP_TOKEN: 'short' }, /16 characters/],
  [{ DATABASE_URL: 'mysql://x' }, /postgres:\/\//],
  [{ REDIS_URL: 'http://x' }, /REDIS_URL must begin with redis:\/\/ or rediss:\/\//],
  [{ REDIS_URL: 'redis://' }, /REDIS_URL/],
  [{ REDIS_URL: 'redis://u:a/b@host' }, /percent-encoded/],
  [{ REDIS_URL: 'redis://host/jobs' }, /database number/],
  [{ REDIS_URL: 'redis://host/0?tls=true' }, /nothing after the database number/],
  [{ REDIS_URL: 'redis://:%zz@host' }, /percent-encoded/],
  [{ CROSSDOCK_PLUGINS_DIR: '/no/such/folder' }, /there is no such folder/],
  [{ CROSSDOCK_PUBLIC_URL: 'hub.example.com' }, /http:\/\/ or https:\/\//],
  [{ CROSSDOCK_PUBLIC_URL: 'https://hub.example.com/path' }, /without a path/],
  [{ CROSSDOCK_TRUSTED_PROXIES: '10.0.0.0/8, proxy' }, /has 'proxy'/],
  [{ CROSSDOCK_TRUSTED_PROXIES: '10.0.0.0/33' }, /has '10.0.0.0\/33'/],
  [{ CROSSDOCK_TRUSTED_PROXIES: '::/0/0' }, /neither an address nor a network/],
  [{ CROSSDOCK_PROT: '1' }, /CROSSDOCK_PROT is not a setting/],
])('refuses %o with a sentence that names the variable', (env, words) => {
  expect(complaint(env)).toMatch(words);
});

const OIDC = { CROSSDOCK_PUBLIC_URL: 'https://hub.example.com', CROSSDOCK_OIDC_ISSUER: 'https://id.example.com/realms/shop', CROSSDOCK_OIDC_CLIENT_ID: 'hub', CROSSDOCK_OIDC_ROLES: 'viewer = all staff, admin=it' };

it('reads where people come from, and who vouches for them', () => {
  const settings = readSettings({ ...OIDC, CROSSDOCK_TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::1', CROSSDOCK_OIDC_CREATE_USERS: 'yes', CROSSDOCK_OIDC_ROLE_CLAIM: 'realm_access.roles' }, '/clone');
  expect(settings.trustedProxies).toEqual(['10.0.0.0/8', '2001:db8::1']);
  expect(settings.publicUrl).toBe('https://hub.example.com');
  expect(settings.oidc).toEqual({
    issuer: 'https://id.example.com/realms/shop', clientId: 'hub', clientSecret: undefined, scopes: 'openid email profile', roleClaim: 'realm_access.roles', createUsers: true, linkByEmail: false,
    roles: [{ role: 'admin', value: 'it' }, { role: 'viewer', value: 'all staff' }], redirectUri: 'https://hub.example.com/admin/v1/oidc/callback',
  });
});

it('takes names with commas for roles, where semicolons stand between the pairs', () => {
  const { oidc } = readSettings({ ...OIDC, CROSSDOCK_OIDC_ROLES: 'operator=cn=day,ou=shop; admin=cn=it,ou=shop' }, '/clone');
  expect(oidc?.roles).toEqual([{ role: 'admin', value: 'cn=it,ou=shop' }, { role: 'operator', value: 'cn=day,ou=shop' }]);
});

it.each([
  [{ CROSSDOCK_PUBLIC_URL: '' }, /needs CROSSDOCK_PUBLIC_URL/],
  [{ CROSSDOCK_OIDC_ISSUER: '' }, /of no use without CROSSDOCK_OIDC_ISSUER/],
  [{ CROSSDOCK_OIDC_ISSUER: 'http://id.example.com' }, /must be an https/],
  [{ CROSSDOCK_OIDC_ISSUER: 'https://id.example.com/?realm=1' }, /without query/],
  [{ CROSSDOCK_OIDC_CLIENT_ID: '' }, /needs CROSSDOCK_OIDC_CLIENT_ID/],
  [{ CROSSDOCK_OIDC_ROLES: '' }, /needs CROSSDOCK_OIDC_ROLES/],
  [{ CROSSDOCK_OIDC_ROLES: 'root=it' }, /viewer, operator, integrator, admin/],
  [{ CROSSDOCK_OIDC_ROLES: 'admin=' }, /pairs such as/],
  [{ CROSSDOCK_OIDC_CREATE_USERS: 'true' }, /must be yes or no/],
  [{ CROSSDOCK_OIDC_SCOPES: 'email' }, /must include openid/],
])('refuses a provider with %o', (env, words) => {
  expect(complaint({ ...OIDC, ...env })).toMatch(words);
});

it('never repeats a setup token, or a password of the database or of Redis, in its complaint', () => {
  expect(complaint({ CROSSDOCK_SETUP_TOKEN: 'hunter2' })).not.toContain('hunter2');
  expect(complaint({ DATABASE_URL: 'pg://u:hunter2@h/d' })).not.toContain('hunter2');
  for (const url of ['redis://:hunter2@h:port', 'redis://:hunter2@h/x', 'rdis://:hunter2@h', 'redis://hunter2:%@h']) expect(complaint({ REDIS_URL: url })).not.toContain('hunter2');
});

it('reads a Redis in every form that its URL has', () => {
  const place = (REDIS_URL: string): unknown => readSettings({ REDIS_URL }, '/clone').redis;
  expect(place('redis://cache')).toEqual({ host: 'cache', port: 6379, username: undefined, password: undefined, db: 0, tls: undefined });
  expect(place('redis://hub:p%40ss%2F@cache:6380/3')).toEqual({ host: 'cache', port: 6380, username: 'hub', password: 'p@ss/', db: 3, tls: undefined });
  expect(place('rediss://:secret@cache.example.com/')).toMatchObject({ password: 'secret', tls: { servername: 'cache.example.com' } });
  expect(place('rediss://[::1]:6380')).toMatchObject({ host: '::1', port: 6380, tls: {} });
  expect(place('')).toBeUndefined();
});

it('reads where traces go, and never repeats a header for the collector in its complaint', () => {
  expect(readSettings({ OTEL_EXPORTER_OTLP_HEADERS: 'x=y' }, '/clone').tracing).toBeUndefined();
  const { tracing } = readSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example.com/tenant/', OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20a%3D%2C, x-tenant=one=1', OTEL_SERVICE_NAME: 'hub-2' }, '/clone');
  expect(tracing).toEqual({ endpoint: 'https://otel.example.com/tenant/v1/traces', headers: { authorization: 'Bearer a=,', 'x-tenant': 'one=1' }, serviceName: 'hub-2' });
  for (const OTEL_EXPORTER_OTLP_ENDPOINT of ['collector:4318', 'ftp://collector', 'http://u:hunter2@collector', 'http://collector/?key=hunter2']) expect(complaint({ OTEL_EXPORTER_OTLP_ENDPOINT })).toMatch(/^(?!.*hunter2).*OTEL_EXPORTER_OTLP_ENDPOINT must be/);
  for (const OTEL_EXPORTER_OTLP_HEADERS of ['hunter2', 'a b=hunter2', 'a=hunter2%', 'a=hunter2%0A', '=hunter2']) expect(complaint({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector', OTEL_EXPORTER_OTLP_HEADERS })).toMatch(/^(?!.*hunter2).*header 1 is not/);
});

it('is described by the same table that the launcher prints before anything is built', async () => {
  const { SETTINGS_TABLE } = (await import(/* @vite-ignore */ LAUNCHER_TABLE)) as { SETTINGS_TABLE: string[][] };
  expect(SETTINGS_TABLE).toEqual(SETTING_ROWS.map((row) => [row.name, row.meaning, row.byDefault]));
});
