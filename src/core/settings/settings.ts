import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isIP } from 'node:net';
import { HubError } from '../errors/index.js';
import { OIDC_ROWS, readOidcSettings, type OidcSettings } from './oidc-settings.js';
import type { SettingRow } from './setting-row.js';
import { redisPlace, type RedisPlace } from './redis-place.js';
import { readTracingSettings, TRACING_ROWS, type TracingSettings } from './tracing-settings.js';

export type Role = 'all' | 'api' | 'worker';

/** Every setting of the hub, read once at start. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly role: Role;
  /** Preset by automation; otherwise the hub makes one at first boot. */
  readonly setupToken: string | undefined;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Who may read the metrics: anybody, who shows a token that may, or nobody. */
  readonly metrics: (typeof METRICS)[number];
  /** An external Postgres 16 or newer; without it the hub runs its own. */
  readonly databaseUrl: string | undefined;
  /** The Redis that carries the queue; without it the queue stands in Postgres. */
  readonly redis: RedisPlace | undefined;
  /** The key that seals credentials, the same for every replica; in the data directory unless it is named. */
  readonly credentialsKeyFile: string | undefined;
  /** A further folder of bundled plugins, beside the built-in ones; the practice retailer's connectors come this way. */
  readonly pluginsDir: string | undefined;
  /** Where people reach the hub, without a slash at the end. */
  readonly publicUrl: string | undefined;
  /** Addresses and networks whose word on where a request comes from is believed. */
  readonly trustedProxies: readonly string[];
  /** The master keys in base64, the active one first, where they are given instead of a file. */
  readonly credentialsKeys: readonly string[] | undefined;
  /** Undefined where users sign in by passwords alone. */
  readonly oidc: OidcSettings | undefined;
  /** Undefined where no traces are sent. */
  readonly tracing: TracingSettings | undefined;
}

export const SETTINGS = Symbol('settings');

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const ROLES = ['all', 'api', 'worker'] as const;
const METRICS = ['open', 'closed', 'off'] as const;

export const SETTING_ROWS: readonly SettingRow[] = [
  { name: 'CROSSDOCK_PORT', meaning: 'TCP port to listen on; 0 takes any free one', byDefault: '8080' },
  { name: 'CROSSDOCK_HOST', meaning: 'address to listen on', byDefault: '127.0.0.1' },
  { name: 'CROSSDOCK_DATA_DIR', meaning: 'where the embedded Postgres, keys and logs live', byDefault: '.data in the clone; as root /var/lib/crossdock' },
  { name: 'CROSSDOCK_ROLE', meaning: 'all, api (answers HTTP only) or worker (background work and health only)', byDefault: 'all' },
  { name: 'CROSSDOCK_SETUP_TOKEN', meaning: 'the setup token, preset for automation (16 characters or more)', byDefault: 'made at first boot' },
  { name: 'CROSSDOCK_LOG_LEVEL', meaning: `one of ${LEVELS.join(', ')}`, byDefault: 'warn' },
  { name: 'CROSSDOCK_METRICS', meaning: 'who may read /metrics: open (anybody), closed (users, and API clients with metrics:read), or off', byDefault: 'open' },
  { name: 'CROSSDOCK_PLUGINS_DIR', meaning: 'a further folder of bundled plugins, each with manifest.json and index.mjs', byDefault: 'none' },
  { name: 'CROSSDOCK_CREDENTIALS_KEY_FILE', meaning: 'the master keys under which credentials are sealed, one a line, the active one first; the same for all replicas; made at first boot where it is missing', byDefault: 'credentials.key in the data directory' },
  { name: 'DATABASE_URL', meaning: 'an external Postgres 16 or newer, postgres://user:password@host:port/database', byDefault: 'the embedded Postgres' },
  { name: 'REDIS_URL', meaning: 'a Redis 6.2 or newer for the queue, redis://user:password@host:port/0, or rediss:// for TLS', byDefault: 'the queue stands in Postgres' },
  { name: 'CROSSDOCK_CREDENTIALS_KEYS', meaning: 'the master keys themselves in place of a file, separated by commas', byDefault: 'none' },
  { name: 'CROSSDOCK_PUBLIC_URL', meaning: 'where people reach the hub, for example https://hub.example.com', byDefault: 'none' },
  { name: 'CROSSDOCK_TRUSTED_PROXIES', meaning: 'addresses and networks of proxies whose X-Forwarded-For is believed: 10.0.0.0/8,192.0.2.7', byDefault: 'none' },
  ...OIDC_ROWS,
  ...TRACING_ROWS,
];

/** Where data lives when nobody says: root's Postgres must run as another user, who cannot read a root-owned clone. */
export function defaultDataDir(root: string, uid: number | undefined): string {
  return uid === 0 ? '/var/lib/crossdock' : join(root, '.data');
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  if ((allowed as readonly string[]).includes(value)) return value as T;
  throw new HubError('SETTINGS_INVALID', { detail: `${name} is '${value}'; it must be one of ${allowed.join(', ')}.` });
}

function port(value: string): number {
  const number = Number(value);
  if (/^\d{1,5}$/.test(value) && number <= 65_535) return number;
  throw new HubError('SETTINGS_INVALID', { detail: `CROSSDOCK_PORT is '${value}'; it must be a whole number from 0 to 65535.` });
}

function setupToken(value: string | undefined): string | undefined {
  if (value === undefined || value.length >= 16) return value;
  throw new HubError('SETTINGS_INVALID', { detail: 'CROSSDOCK_SETUP_TOKEN is shorter than 16 characters.' });
}

function databaseUrl(value: string | undefined): string | undefined {
  if (value === undefined || /^postgres(ql)?:\/\/./.test(value)) return value;
  throw new HubError('SETTINGS_INVALID', { detail: 'DATABASE_URL must begin with postgres:// or postgresql://.' });
}

function pluginsDir(value: string | undefined, root: string): string | undefined {
  if (value === undefined) return undefined;
  const folder = resolve(root, value);
  if (existsSync(folder)) return folder;
  throw new HubError('SETTINGS_INVALID', { detail: `CROSSDOCK_PLUGINS_DIR is '${value}'; there is no such folder.` });
}

function publicUrl(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash && !url.username) return url.origin;
  throw new HubError('SETTINGS_INVALID', { detail: `CROSSDOCK_PUBLIC_URL is '${value}'; it must be http:// or https:// and a host, without a path.` });
}

function trustedProxies(value: string | undefined): string[] {
  const networks = (value ?? '').split(',').map((one) => one.trim()).filter((one) => one !== '');
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const version = isIP(address);
    const bits = prefix === undefined ? 0 : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (version === 0 || !(bits <= (version === 4 ? 32 : 128)) || network.split('/').length > 2) throw new HubError('SETTINGS_INVALID', { detail: `CROSSDOCK_TRUSTED_PROXIES has '${network}', which is neither an address nor a network such as 10.0.0.0/8.` });
  }
  return networks;
}

/**
 * Reads the settings from an environment. An empty value counts as not set.
 * @throws HubError SETTINGS_INVALID that names the variable and what it accepts.
 */
export function readSettings(env: NodeJS.ProcessEnv, root: string = process.cwd()): Settings {
  const given = (name: string): string | undefined => env[name]?.trim() || undefined;
  const known = new Set([...SETTING_ROWS.map((row) => row.name), 'CROSSDOCK_REAL_DATA']);
  const stranger = Object.keys(env).find((name) => name.startsWith('CROSSDOCK_') && !known.has(name));
  if (stranger) throw new HubError('SETTINGS_INVALID', { detail: `${stranger} is not a setting of Crossdock; \`npm start -- --help\` lists them.` });
  const dataDir = (given('CROSSDOCK_DATA_DIR') ?? defaultDataDir(root, process.getuid?.())).replace(/^~(?=$|\/)/, homedir());
  const ownUrl = publicUrl(given('CROSSDOCK_PUBLIC_URL'));
  const keyFile = given('CROSSDOCK_CREDENTIALS_KEY_FILE');
  return {
    port: port(given('CROSSDOCK_PORT') ?? '8080'),
    host: given('CROSSDOCK_HOST') ?? '127.0.0.1',
    dataDir: resolve(root, dataDir),
    role: oneOf('CROSSDOCK_ROLE', given('CROSSDOCK_ROLE') ?? 'all', ROLES),
    setupToken: setupToken(given('CROSSDOCK_SETUP_TOKEN')),
    logLevel: oneOf('CROSSDOCK_LOG_LEVEL', given('CROSSDOCK_LOG_LEVEL') ?? 'warn', LEVELS),
    metrics: oneOf('CROSSDOCK_METRICS', given('CROSSDOCK_METRICS') ?? 'open', METRICS),
    databaseUrl: databaseUrl(given('DATABASE_URL')),
    redis: redisPlace(given('REDIS_URL')),
    credentialsKeyFile: keyFile === undefined ? undefined : resolve(root, keyFile),
    pluginsDir: pluginsDir(given('CROSSDOCK_PLUGINS_DIR'), root),
    credentialsKeys: given('CROSSDOCK_CREDENTIALS_KEYS')?.split(',').map((key) => key.trim()),
    publicUrl: ownUrl,
    trustedProxies: trustedProxies(given('CROSSDOCK_TRUSTED_PROXIES')),
    oidc: readOidcSettings(given, ownUrl),
    tracing: readTracingSettings(given),
  };
}
