import { readFile, stat } from 'node:fs/promises';
import { HubError } from '../../errors/index.js';

/** An account of the operating system. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Postgres refuses to run as root. A hub that runs as root therefore runs it as the owner of the data that is there
 * already, for a new cluster as `postgres`, or else as `nobody`; any other user runs it as himself, which `undefined`
 * stands for.
 * @throws HubError POSTGRES_FAILED when root finds no such account.
 */
export async function postgresUser(data: string, uid: number | undefined = process.getuid?.()): Promise<SystemUser | undefined> {
  if (uid !== 0) return undefined;
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const owner = await stat(data).catch(() => undefined);
  if (owner && owner.uid !== 0) {
    const name = accounts.find((account) => account[2] === String(owner.uid))?.[0] ?? `number ${owner.uid}`;
    return { name, uid: owner.uid, gid: owner.gid };
  }
  for (const wanted of ['postgres', 'nobody']) {
    const account = accounts.find(([name]) => name === wanted);
    if (account) return { name: wanted, uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new HubError('POSTGRES_FAILED', { detail: 'Postgres may not run as root, and there is no account postgres or nobody to run it as.' });
}
