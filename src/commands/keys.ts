import { parseArgs } from 'node:util';
import { SealedCredentials } from '../core/connector/connections/sealed-credentials.js';
import { KeyRotation } from '../core/keys/key-rotation.js';
import type { Database } from '../core/persistence/database.js';
import { readSettings, type Settings } from '../core/settings/settings.js';
import { newKey, readOrMakeKeys, replaceKeys } from '../core/vault/key-file.js';
import { KeyRing } from '../core/vault/key-ring.js';
import { keyFileOf } from '../core/vault/master-keys.js';
import { Vault } from '../core/vault/vault.js';
import { ROOT, runCommand, say, tell, WrongUse } from './command-line.js';
import { withHubDatabase } from './hub-database.js';

async function status(rotation: KeyRotation): Promise<number> {
  const keys = await rotation.keys();
  for (const key of keys) {
    const idle = key.dataKeys + key.secrets === 0;
    const what = key.active ? 'active' : !key.present ? 'MISSING' : idle ? 'can be taken away' : 'older, still needed';
    tell(`${key.id}  ${what}; wraps ${key.dataKeys} data keys, sealed ${key.secrets} secrets itself`);
  }
  const state = await rotation.state();
  if (state) tell(`rotation to ${state.toKey}: ${state.finishedAt ? `finished at ${state.finishedAt.toISOString()}` : `${state.total - state.remaining} of ${state.total}`}`);
  return keys.every((key) => key.present) ? 0 : 1;
}

async function check(rotation: KeyRotation): Promise<number> {
  const unreadable = await rotation.check();
  for (const { connection, field, reason } of unreadable) tell(`connection ${connection}, ${field}: ${reason}`);
  if (unreadable.length === 0) tell('every stored credential opens');
  return unreadable.length === 0 ? 0 : 1;
}

/** The new key is on disk before anything is wrapped with it, and the ones before it stay. */
async function addKey(settings: Settings): Promise<void> {
  if (settings.credentialsKeys) throw new WrongUse('CROSSDOCK_CREDENTIALS_KEYS is set: put a new key in front of it there');
  const file = keyFileOf(settings);
  const key = newKey();
  await replaceKeys(file, [key, ...(await readOrMakeKeys(file))]);
  tell(`new master key ${new Vault(key).keyId} is the first line of ${file}`);
}

async function rotate(rotation: KeyRotation, batch: number): Promise<number> {
  await rotation.begin();
  const went = await rotation.goOn((remaining, total) => tell(`${total - remaining} of ${total}`), batch);
  if (!went) throw new WrongUse('another process has begun a rotation to another key');
  return status(rotation);
}

async function forget(rotation: KeyRotation, settings: Settings): Promise<number> {
  if (settings.credentialsKeys) throw new WrongUse('CROSSDOCK_CREDENTIALS_KEYS is set: take the key away there');
  const idle = new Set((await rotation.keys()).filter((key) => !key.active && key.dataKeys + key.secrets === 0).map((key) => key.id));
  const file = keyFileOf(settings);
  const keys = await readOrMakeKeys(file);
  const kept = keys.filter((key) => !idle.has(new Vault(key).keyId));
  if (kept.length < keys.length) await replaceKeys(file, kept);
  tell(`${keys.length - kept.length} keys taken out of ${file}, ${kept.length} left`);
  return 0;
}

async function act(action: string, settings: Settings, database: Database, options: { readonly new: boolean; readonly batch: number }): Promise<number> {
  const keyRing = new KeyRing(settings, database);
  const rotation = new KeyRotation(database, keyRing, new SealedCredentials(database, keyRing));
  if (action === 'status') return status(rotation);
  if (action === 'check') return check(rotation);
  if (action === 'forget') return forget(rotation, settings);
  if (options.new) await addKey(settings);
  return rotate(rotation, options.batch);
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { new: { type: 'boolean', default: false }, batch: { type: 'string', default: '100' } } });
  const [action = '', ...more] = positionals;
  if (!['status', 'check', 'rotate', 'forget'].includes(action) || more.length > 0) throw new WrongUse('say status, check, rotate or forget');
  const batch = Number(values.batch);
  if (!Number.isInteger(batch) || batch < 1 || batch > 10_000) throw new WrongUse('--batch is a number from 1 to 10000');
  if (values.new && action !== 'rotate') throw new WrongUse('--new belongs to rotate');
  const settings = readSettings(process.env, ROOT);
  return withHubDatabase(settings, say, (database) => act(action, settings, database, { new: values.new, batch }));
}

await runCommand('keys', run);
