import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { HubError } from '../errors/index.js';

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
  /** An external Postgres 16 or newer; without it the hub runs its own. */
  readonly databaseUrl: string | undefined;
  /** A further folder of bundled plugins, beside the built-in ones; the practice retailer's connectors come this way. */
  readonly pluginsDir: string | undefined;
}

export const SETTINGS = Symbol('settings');

/** One row of the settings table in the README and in `--help`. */
export interface SettingRow {
  readonly name: string;
  readonly meaning: string;
  readonly byDefault: string;
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const ROLES = ['all', 'api', 'worker'] as const;

export const SETTING_ROWS: readonly SettingRow[] = [
  { name: 'CROSSDOCK_PORT', meaning: 'TCP port to listen on; 0 takes any free one', byDefault: '8080' },
  { name: 'CROSSDOCK_HOST', meaning: 'address to listen on', byDefault: '127.0.0.1' },
  { name: 'CROSSDOCK_DATA_DIR', meaning: 'where the embedded Postgres, keys and logs live', byDefault: '.data in the clone; as root /var/lib/crossdock' },
  { name: 'CROSSDOCK_ROLE', meaning: 'all, api (answers HTTP only) or worker (background work and health only)', byDefault: 'all' },
  { name: 'CROSSDOCK_SETUP_TOKEN', meaning: 'the setup token, preset for automation (16 characters or more)', byDefault: 'made at first boot' },
  { name: 'CROSSDOCK_LOG_LEVEL', meaning: `one of ${LEVELS.join(', ')}`, byDefault: 'warn' },
  { name: 'CROSSDOCK_PLUGINS_DIR', meaning: 'a further folder of bundled plugins, each with manifest.json and index.mjs', byDefault: 'none' },
  { name: 'DATABASE_URL', meaning: 'an external Postgres 16 or newer, postgres://user:password@host:port/database', byDefault: 'the embedded Postgres' },
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
  return {
    port: port(given('CROSSDOCK_PORT') ?? '8080'),
    host: given('CROSSDOCK_HOST') ?? '127.0.0.1',
    dataDir: resolve(root, dataDir),
    role: oneOf('CROSSDOCK_ROLE', given('CROSSDOCK_ROLE') ?? 'all', ROLES),
    setupToken: setupToken(given('CROSSDOCK_SETUP_TOKEN')),
    logLevel: oneOf('CROSSDOCK_LOG_LEVEL', given('CROSSDOCK_LOG_LEVEL') ?? 'warn', LEVELS),
    databaseUrl: databaseUrl(given('DATABASE_URL')),
    pluginsDir: pluginsDir(given('CROSSDOCK_PLUGINS_DIR'), root),
  };
}
