import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { HubError } from '../../../errors/index.js';
import { withCluster } from '../reach-cluster.js';
import { ArchiveWriter } from './archive.js';
import { copyCluster } from './copy-cluster.js';

/** The first entry of a backup: what it is. */
export const HEAD = 'crossdock-backup.json';
/** Its last entry: that it is whole. */
export const TAIL = 'crossdock-backup-end.json';
/** What opens the cluster: its password and port. */
export const ACCESS = 'postgres.json';
/** The keys of the stored credentials, wherever their file lies outside. */
export const KEY = 'credentials.key';
export const FORMAT = 1;

export interface BackupHead {
  readonly format: typeof FORMAT;
  readonly version: string;
  readonly postgres: string;
  readonly takenAt: string;
}

export interface BackupReport {
  readonly file: string;
  readonly files: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Whether the hub was running meanwhile. */
  readonly online: boolean;
}

export interface BackupOptions {
  readonly dataDir: string;
  readonly file: string;
  /** The hub's version, written into the backup. */
  readonly version: string;
  /** The file with the keys of the stored credentials, where it is to be in the backup. */
  readonly keyFile: string | undefined;
  readonly say: (line: string) => void;
}

/**
 * Backs up the embedded cluster into one compressed file, while the hub runs or while it is stopped. What was acknowledged
 * before it ends is in it. Nothing is left behind when it fails: the file has its name only once it is whole.
 * @throws HubError SETTINGS_INVALID when there is no cluster or the file exists; POSTGRES_FAILED.
 */
export async function backUp(options: BackupOptions): Promise<BackupReport> {
  const { dataDir, file } = options;
  if (!existsSync(join(dataDir, 'postgres/data/PG_VERSION'))) throw new HubError('SETTINGS_INVALID', { detail: `There is no cluster of a hub in ${dataDir}.` });
  if (existsSync(file)) throw new HubError('SETTINGS_INVALID', { detail: `${file} exists; a backup replaces nothing.` });
  return withCluster(dataDir, options.say, ({ url, online }) => pack(options, url('postgres'), online));
}

async function pack({ dataDir, file, version, keyFile, say }: BackupOptions, url: string, online: boolean): Promise<BackupReport> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, application_name: 'crossdock-backup' });
  client.on('error', () => undefined);
  await client.connect();
  const archive = new ArchiveWriter(file);
  const progress = setInterval(() => say(`${archive.files} files, ${Math.round(archive.bytes / 1_048_576)} MB so far`), 5_000);
  try {
    const server = await client.query<{ version: string }>(`select current_setting('server_version') as version`);
    const head: BackupHead = { format: FORMAT, version, postgres: server.rows[0]?.version ?? '', takenAt: new Date().toISOString() };
    await archive.text(HEAD, JSON.stringify(head));
    await archive.file(ACCESS, join(dataDir, ACCESS));
    if (keyFile !== undefined && !(await archive.file(KEY, keyFile))) throw new HubError('SETTINGS_INVALID', { detail: `There is no ${keyFile} to put into the backup.` });
    const log = await copyCluster(client, join(dataDir, 'postgres/data'), archive);
    await archive.text(TAIL, JSON.stringify({ files: archive.files, bytes: archive.bytes, ...log }));
    const sha256 = await archive.finish();
    return { file, files: archive.files, bytes: archive.bytes, sha256, online };
  } catch (error) {
    await archive.abandon();
    throw error;
  } finally {
    clearInterval(progress);
    await client.end().catch(() => undefined);
  }
}
