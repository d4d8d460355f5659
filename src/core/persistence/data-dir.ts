import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { HubError } from '../errors/index.js';

/**
 * Makes the data directory, readable by its owner alone, unless it is there.
 * @throws HubError SETTINGS_INVALID when it cannot be made or written.
 */
export function makeDataDir(dataDir: string): void {
  try {
    makeFolder(dataDir);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new HubError('SETTINGS_INVALID', { detail: `CROSSDOCK_DATA_DIR ${dataDir} cannot be used: ${(cause as Error).message}`, cause });
  }
}

/** Not `recursive: true`: below a folder that refuses with ENOENT, as /proc does, Node 26 tries for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
