import { createWriteStream, existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HubError } from '../../../errors/index.js';
import { makeDataDir } from '../../data-dir.js';
import { postgresUser, type SystemUser } from '../system-user.js';
import { checksumOf, readArchive, type ArchiveEntry } from './archive.js';
import { ACCESS, FORMAT, HEAD, KEY, TAIL, type BackupHead } from './back-up.js';
import { DATA } from './copy-cluster.js';

export interface Restored {
  readonly head: BackupHead;
  readonly files: number;
  /** What became of the keys of the stored credentials: the backup holds none, their file was written, or one stands there and was left as it is. */
  readonly key: 'none' | 'written' | 'kept';
}

function unusable(file: string, why: string): HubError {
  return new HubError('SETTINGS_INVALID', { detail: `${file} cannot be restored: ${why}.` });
}

/**
 * Unpacks a backup into a data directory that has no cluster yet. The cluster appears whole or not at all; it is not
 * started. A checksum file beside the backup is compared first. Keys that the backup holds go to `keyFile`, unless it exists.
 * @throws HubError SETTINGS_INVALID
 */
export async function restore(file: string, dataDir: string, say: (line: string) => void, keyFile: string = join(dataDir, KEY)): Promise<Restored> {
  if (!existsSync(file)) throw unusable(file, 'there is no such file');
  if (existsSync(join(dataDir, 'postgres/data'))) throw new HubError('SETTINGS_INVALID', { detail: `${dataDir} holds a cluster already; move it away first. A restore overwrites nothing.` });
  await compareChecksum(file, say);
  makeDataDir(dataDir);
  const folder = join(dataDir, 'postgres');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unpacking = join(folder, 'data.restoring');
  await rm(unpacking, { recursive: true, force: true });
  const unpacked = await unpack(file, unpacking, await postgresUser(unpacking));
  if (unpacked.access === undefined) throw unusable(file, `it holds no ${ACCESS}`);
  await writeFile(join(dataDir, ACCESS), unpacked.access, { mode: 0o600 });
  const key = unpacked.key === undefined ? 'none' : existsSync(keyFile) ? 'kept' : 'written';
  if (key === 'written') await writeFile(keyFile, unpacked.key ?? '', { mode: 0o600 });
  await rename(unpacking, join(folder, DATA));
  return { head: unpacked.head, files: unpacked.files, key };
}

async function compareChecksum(file: string, say: (line: string) => void): Promise<void> {
  const beside = `${file}.sha256`;
  if (!existsSync(beside)) return say(`there is no ${beside}: the file is not compared with its checksum`);
  const expected = (await readFile(beside, 'utf8')).slice(0, 64);
  const found = await checksumOf(file);
  if (found !== expected) throw unusable(file, `its checksum is ${found}, and was ${expected} when it was made`);
}

interface Unpacked {
  head: BackupHead;
  access: Buffer | undefined;
  key: Buffer | undefined;
  files: number;
}

async function unpack(file: string, target: string, user: SystemUser | undefined): Promise<Unpacked> {
  let head: BackupHead | undefined;
  let whole = false;
  const found: Omit<Unpacked, 'head'> = { access: undefined, key: undefined, files: 0 };
  const read = readArchive(file, async (entry) => {
    if (!head) {
      if (entry.name !== HEAD) throw unusable(file, 'it is no backup of a hub');
      head = readHead(file, (await wholeOf(entry)).toString('utf8'));
    } else if (entry.name === TAIL) whole = true;
    else if (entry.name === ACCESS) found.access = await wholeOf(entry);
    else if (entry.name === KEY) found.key = await wholeOf(entry);
    else found.files += await place(entry, file, target, user);
  });
  await read.catch((error: unknown) => {
    throw error instanceof HubError ? error : unusable(file, `it is damaged (${(error as Error).message})`);
  });
  if (!head || !whole) throw unusable(file, 'it was cut short');
  return { head, ...found };
}

function readHead(file: string, text: string): BackupHead {
  const head = JSON.parse(text) as BackupHead;
  if (head.format !== FORMAT) throw unusable(file, `it has format ${String(head.format)}, and this hub reads format ${FORMAT}`);
  return head;
}

async function wholeOf(entry: ArchiveEntry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry.content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function place({ name, folder, content }: ArchiveEntry, file: string, target: string, user: SystemUser | undefined): Promise<number> {
  const path = name.replace(/\/$/, '');
  const steps = path.split('/');
  if (steps[0] !== DATA || steps.some((step) => step === '' || step === '.' || step === '..')) throw unusable(file, `it holds '${name}', which is no part of a cluster`);
  const place = join(target, ...steps.slice(1));
  await mkdir(folder ? place : dirname(place), { recursive: true, mode: 0o700 });
  if (!folder) await pipeline(Readable.from(content), createWriteStream(place, { mode: 0o600 }));
  if (user) await chown(place, user.uid, user.gid);
  return folder ? 0 : 1;
}
