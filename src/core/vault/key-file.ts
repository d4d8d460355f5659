import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HubError } from '../errors/index.js';

const KEY_BYTES = 32;
const COMMENT = /^(#.*)?$/;

export function newKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** @throws HubError SETTINGS_INVALID, which tells where the key is and nothing of it. */
export function decodedKey(text: string, where: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) throw new HubError('SETTINGS_INVALID', { detail: `${where} holds no key of ${KEY_BYTES} bytes in base64.` });
  return key;
}

/**
 * The master keys in a file, one a line in base64: the first seals, the others still open. The file is made with one
 * key at first boot; it appears whole or not at all (written aside, synced, then linked), so that two processes that
 * boot together end up with one key and a crash leaves no half key.
 * @throws HubError SETTINGS_INVALID when the file holds no key or others may read it.
 */
export async function readOrMakeKeys(path: string): Promise<Buffer[]> {
  const existing = await readKeys(path);
  if (existing) return existing;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const aside = await writeAside(path, [newKey()]);
  try {
    await link(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(aside);
  }
  const made = await readKeys(path);
  if (!made) throw new HubError('SETTINGS_INVALID', { detail: `The key file ${path} vanished while it was being made.` });
  return made;
}

/** Replaces the keys of a file in one step: whoever reads it finds the ones before or these. */
export async function replaceKeys(path: string, keys: readonly Buffer[]): Promise<void> {
  await rename(await writeAside(path, keys), path);
  const folder = await open(dirname(path));
  await folder.sync().finally(() => folder.close());
}

/** Undefined where there is no file. */
async function readKeys(path: string): Promise<Buffer[] | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new HubError('SETTINGS_INVALID', { detail: `The key file ${path} cannot be read: ${error.code}.` });
  });
  if (text === undefined) return undefined;
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => !COMMENT.test(line));
  const keys = lines.map((line) => decodedKey(line, `The key file ${path}`));
  if (keys.length === 0) throw new HubError('SETTINGS_INVALID', { detail: `The key file ${path} holds no key.` });
  const mode = (await stat(path)).mode & 0o077;
  if (mode !== 0 && process.platform !== 'win32') throw new HubError('SETTINGS_INVALID', { detail: `The key file ${path} can be read by others; run chmod 600 on it.` });
  return keys;
}

async function writeAside(path: string, keys: readonly Buffer[]): Promise<string> {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(keys.map((key) => `${key.toString('base64')}\n`).join(''));
    await file.sync();
  } finally {
    await file.close();
  }
  return aside;
}
