import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { backUp } from '../core/persistence/embedded/backup/back-up.js';
import { checkCluster, type Finding } from '../core/persistence/embedded/backup/check-cluster.js';
import { restore } from '../core/persistence/embedded/backup/restore.js';
import { EmbeddedPostgres } from '../core/persistence/embedded/embedded-postgres.js';
import { readSettings } from '../core/settings/settings.js';
import { keyFileOf } from '../core/vault/master-keys.js';
import { checkBalances } from '../modules/inventory/index.js';
import { ROOT, runCommand, say, tell, WrongUse } from './command-line.js';

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
  if (values['with-key'] && settings.credentialsKeys) throw new WrongUse('the keys come from CROSSDOCK_CREDENTIALS_KEYS: there is no file of them to put into the backup');
  const file = resolve(given);
  if (action === 'verify') return (await verify(file)) ? 0 : 1;
  if (action === 'create') {
    const report = await backUp({ dataDir: settings.dataDir, file, version: packageJson.version, keyFile: values['with-key'] ? keyFileOf(settings) : undefined, say });
    tell(`${report.file}: ${report.files} files, ${report.bytes} bytes, sha256 ${report.sha256}${report.online ? ', while the hub ran' : ''}`);
    return values.verify ? ((await verify(file)) ? 0 : 1) : 0;
  }
  const restored = await restore(file, settings.dataDir, say, keyFileOf(settings));
  tell(`restored ${restored.files} files of ${restored.head.takenAt} into ${settings.dataDir}`);
  if (!(await verifyDataDir(settings.dataDir)).every(({ ok }) => ok)) return 1;
  if (restored.key === 'none' && !settings.credentialsKeys) tell(`The backup holds no keys of stored credentials: put yours into ${keyFileOf(settings)}, or enter the credentials of the connections again.`);
  if (restored.key === 'kept') tell(`${keyFileOf(settings)} stands there and was left as it is; the backup holds keys, too.`);
  tell('Start the hub: npm start');
  return 0;
}

await runCommand('backup', run);
