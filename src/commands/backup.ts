import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { HubError } from '../core/errors/index.js';
import { backUp } from '../core/persistence/embedded/backup/back-up.js';
import { checkCluster, type Finding } from '../core/persistence/embedded/backup/check-cluster.js';
import { restore } from '../core/persistence/embedded/backup/restore.js';
import { EmbeddedPostgres } from '../core/persistence/embedded/embedded-postgres.js';
import { readSettings } from '../core/settings/settings.js';
import { checkBalances } from '../modules/inventory/index.js';

/** The clone: this file is dist/src/commands/backup.js in it. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const say = (line: string): void => void process.stderr.write(`crossdock: ${line}\n`);
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

class WrongUse extends Error {}

async function verifyDataDir(dataDir: string): Promise<Finding[]> {
  const server = await EmbeddedPostgres.start({ dataDir, log: (_level, message) => say(message) });
  try {
    return await checkCluster(server.url('crossdock'), [(client) => checkBalances(client)], tell);
  } finally {
    await server.stop();
  }
}

/** Restores beside everything else, where nobody works, and reads it all. */
async function verify(file: string): Promise<boolean> {
  const scratch = await mkdtemp(join(tmpdir(), 'crossdock-verify-'));
  try {
    const { head } = await restore(file, scratch, say);
    tell(`backup of ${head.takenAt}, Crossdock ${head.version}, PostgreSQL ${head.postgres}`);
    return (await verifyDataDir(scratch)).every(({ ok }) => ok);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { 'with-key': { type: 'boolean', default: false }, verify: { type: 'boolean', default: false } } });
  const [action = '', given, ...more] = positionals;
  if (!['create', 'verify', 'restore'].includes(action) || given === undefined || more.length > 0) throw new WrongUse('say create, verify or restore, and one file');
  const settings = readSettings(process.env, ROOT);
  if (settings.databaseUrl) throw new WrongUse('DATABASE_URL is set: a Postgres of your own is backed up by its own tools (docs/runbooks/backup-and-restore.md)');
  const file = resolve(given);
  if (action === 'verify') return (await verify(file)) ? 0 : 1;
  if (action === 'create') {
    const report = await backUp({ dataDir: settings.dataDir, file, version: packageJson.version, withKey: values['with-key'], say });
    tell(`${report.file}: ${report.files} files, ${report.bytes} bytes, sha256 ${report.sha256}${report.online ? ', while the hub ran' : ''}`);
    return values.verify ? ((await verify(file)) ? 0 : 1) : 0;
  }
  const restored = await restore(file, settings.dataDir, say);
  tell(`restored ${restored.files} files of ${restored.head.takenAt} into ${settings.dataDir}`);
  if (!(await verifyDataDir(settings.dataDir)).every(({ ok }) => ok)) return 1;
  if (!restored.hasKey) tell('The backup holds no credentials.key: put yours into the data directory, or enter the credentials of the connections again.');
  tell('Start the hub: npm start');
  return 0;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const wrongUse = error instanceof WrongUse || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
  say(error instanceof Error && (wrongUse || error instanceof HubError) ? `${error.message}${wrongUse ? '; `npm run backup -- --help` tells more' : ''}` : String((error as Error).stack ?? error));
  process.exitCode = wrongUse || (error instanceof HubError && error.code === 'SETTINGS_INVALID') ? 2 : 1;
}
