import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, chmod, chown, constants, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { HubError } from '../../errors/index.js';
import { findBinaries, type PostgresBinaries } from './binaries.js';
import { postgresConf, type PostgresTuning } from './postgres-conf.js';
import { postgresUser, type SystemUser } from './system-user.js';

/** A prepared cluster: files on disk that a postmaster can be started on. */
export interface Cluster {
  readonly folder: string;
  readonly data: string;
  readonly log: string;
  readonly binaries: PostgresBinaries;
  readonly user: SystemUser | undefined;
  readonly access: ClusterAccess;
}

/** Kept in postgres.json, which only the hub's own user can read. */
export interface ClusterAccess {
  readonly password: string;
  readonly port: number;
}

export const SUPERUSER = 'crossdock';
const MAJOR = '18';

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * A port below those that the system hands to outgoing connections: one of those could take it in the moment in which
 * a killed server is started again, and the pools only know this port.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(15_000, 32_768);
    if (await isFree(port)) return port;
  }
  throw new HubError('POSTGRES_FAILED', { detail: 'No free TCP port on 127.0.0.1 was found for Postgres.' });
}

/** A file that is either wholly there or not, whatever moment the machine stops at. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const file = await open(`${path}.new`, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

/** Postgres' user must be able to pass through every folder above its data. */
async function checkWayIn(dataDir: string, user: SystemUser): Promise<void> {
  const own = await stat(dataDir);
  if (own.uid === 0 && (own.mode & 0o001) === 0) await chmod(dataDir, (own.mode & 0o777) | 0o011);
  for (let folder = dirname(dataDir); folder !== dirname(folder); folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) {
      throw new HubError('SETTINGS_INVALID', {
        detail: `CROSSDOCK_DATA_DIR lies below ${folder}, which the account '${user.name}' may not enter; as root Postgres runs as that account. Choose a folder such as /var/lib/crossdock.`,
      });
    }
  }
}

async function readAccess(dataDir: string): Promise<ClusterAccess | undefined> {
  try {
    return JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8')) as ClusterAccess;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new HubError('POSTGRES_FAILED', { detail: `${join(dataDir, 'postgres.json')} cannot be read: ${(error as Error).message}`, cause: error });
  }
}

export async function saveAccess(dataDir: string, access: ClusterAccess): Promise<void> {
  await writeWhole(join(dataDir, 'postgres.json'), `${JSON.stringify(access)}\n`, 0o600);
}

/** An initdb that was interrupted leaves `data.new`, never a half-made `data`. */
async function initialise(folder: string, password: string, binaries: PostgresBinaries, user: SystemUser | undefined, durable: boolean): Promise<void> {
  const unfinished = join(folder, 'data.new');
  const passwordFile = join(folder, 'password.new');
  await rm(unfinished, { recursive: true, force: true });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) await chown(passwordFile, user.uid, user.gid);
  try {
    const options = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--no-instructions'];
    const made = spawnSync(binaries.initdb, [...options, ...(durable ? [] : ['--no-sync']), '-D', unfinished], {
      cwd: folder, encoding: 'utf8', uid: user?.uid, gid: user?.gid, env: { LC_ALL: 'C', PATH: process.env['PATH'] },
    });
    if (made.status !== 0) throw new HubError('POSTGRES_FAILED', { detail: `initdb failed: ${(made.error?.message ?? made.stderr).trim()}` });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(unfinished, join(folder, 'data'));
}

async function writeConf(cluster: { data: string; user: SystemUser | undefined }, port: number, tuning: PostgresTuning): Promise<void> {
  const path = join(cluster.data, 'postgresql.conf');
  await writeWhole(path, postgresConf(port, tuning), 0o600);
  if (cluster.user) await chown(path, cluster.user.uid, cluster.user.gid);
}

/** Moves the cluster to another port; it must not be running. */
export async function moveToPort(cluster: Cluster, dataDir: string, port: number, tuning: PostgresTuning): Promise<Cluster> {
  const moved = { ...cluster, access: { ...cluster.access, port } };
  await saveAccess(dataDir, moved.access);
  await writeConf(moved, port, tuning);
  return moved;
}

/**
 * Makes the cluster below `dataDir` if there is none and writes its configuration. Repeating it is harmless, also
 * while a postmaster runs on it.
 * @throws HubError POSTGRES_FAILED or SETTINGS_INVALID that says what stands in the way.
 */
export async function prepareCluster(dataDir: string, tuning: PostgresTuning): Promise<Cluster> {
  const folder = join(dataDir, 'postgres');
  const data = join(folder, 'data');
  const user = await postgresUser(data);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (user) {
    await checkWayIn(dataDir, user);
    await chown(folder, user.uid, user.gid);
  } else await access(folder, constants.R_OK | constants.W_OK);
  const binaries = await findBinaries(folder, user);
  const known = await readAccess(dataDir);
  const fresh = !existsSync(data);
  if (!fresh && !known) throw new HubError('POSTGRES_FAILED', { detail: `${data} exists, but its password file ${join(dataDir, 'postgres.json')} is gone; restore it from a backup.` });
  const credentials = known ?? { password: randomBytes(24).toString('base64url'), port: await freePort() };
  if (!known) await saveAccess(dataDir, credentials);
  if (fresh) await initialise(folder, credentials.password, binaries, user, tuning.durable);
  const major = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  if (major !== MAJOR) throw new HubError('POSTGRES_FAILED', { detail: `${data} was made by Postgres ${major}; this hub brings Postgres ${MAJOR}.` });
  const cluster = { folder, data, log: join(dataDir, 'postgres.log'), binaries, user, access: credentials };
  await writeConf(cluster, credentials.port, tuning);
  return cluster;
}
