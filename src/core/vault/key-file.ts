import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HubError } from '../errors/index.js';

const KEY_BYTES = 32;

/**
 * The key that seals credentials, made at first boot. It appears whole or not at all (written aside, synced, then
 * linked), so that two processes that boot together end up with one key and a crash leaves no half key.
 * @throws HubError SETTINGS_INVALID when the file holds no key or others may read it.
 */
export async function readOrMakeKey(path: string): Promise<Buffer> {
  const existing = await readKey(path);
  if (existing) return existing;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(aside);
  }
  const made = await readKey(path);
  if (!made) throw new HubError('SETTINGS_INVALID', { detail: `The credentials key ${path} vanished while it was being made.` });
  return made;
}

async function readKey(path: string): Promise<Buffer | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new HubError('SETTINGS_INVALID', { detail: `The credentials key ${path} cannot be read: ${error.code}.` });
  });
  if (text === undefined) return undefined;
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== KEY_BYTES) throw new HubError('SETTINGS_INVALID', { detail: `The credentials key ${path} holds no key of ${KEY_BYTES} bytes in base64.` });
  const mode = (await stat(path)).mode & 0o077;
  if (mode !== 0 && process.platform !== 'win32') throw new HubError('SETTINGS_INVALID', { detail: `The credentials key ${path} can be read by others; run chmod 600 on it.` });
  return key;
}
