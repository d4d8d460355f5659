import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HubError } from '../../errors/index.js';

/** SQLite's code for a lock that somebody else holds. */
const BUSY = 5;

/**
 * One hub at a time on a data directory. The lock is SQLite's lock on an empty file, because the kernel gives it back
 * when its holder dies of whatever cause; a file with a process id would stay behind after kill -9, and the number may
 * belong to somebody else by then.
 */
export class HubLock {
  private constructor(
    private readonly held: DatabaseSync,
    private readonly dataDir: string,
  ) {}

  /** @throws HubError DATA_DIR_IN_USE that names the process that holds it. */
  static take(dataDir: string): HubLock {
    const file = join(dataDir, 'hub.lock');
    // Whoever can open the file can lock it, so nobody else may.
    closeSync(openSync(file, 'a', 0o600));
    const held = new DatabaseSync(file, { timeout: 0 });
    try {
      held.exec('begin exclusive');
    } catch (cause) {
      held.close();
      if ((cause as { errcode?: number }).errcode !== BUSY) throw new HubError('SETTINGS_INVALID', { detail: `CROSSDOCK_DATA_DIR ${dataDir} cannot be locked: ${(cause as Error).message}`, cause });
      throw new HubError('DATA_DIR_IN_USE', { detail: `Another Crossdock${holder(dataDir)} already runs on ${dataDir}. Stop it, or set CROSSDOCK_DATA_DIR to another folder.`, cause });
    }
    const lock = new HubLock(held, dataDir);
    lock.describe();
    return lock;
  }

  /** Tells who holds the lock, for the message that a second start prints. */
  describe(url?: string): void {
    writeFileSync(join(this.dataDir, 'hub.json'), `${JSON.stringify({ pid: process.pid, url })}\n`, { mode: 0o600 });
  }

  release(): void {
    if (this.held.isOpen) this.held.close();
  }
}

function holder(dataDir: string): string {
  try {
    const { pid, url } = JSON.parse(readFileSync(join(dataDir, 'hub.json'), 'utf8')) as { pid: number; url?: string };
    return ` (process ${pid}${url ? `, ${url}` : ''})`;
  } catch {
    return '';
  }
}
