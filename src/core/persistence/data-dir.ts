import { accessSync, constants, mkdirSync } from 'node:fs';
import { HubError } from '../errors/index.js';

/**
 * Makes the data directory, readable by its owner alone, unless it is there.
 * @throws HubError SETTINGS_INVALID when it cannot be made or written.
 */
export function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new HubError('SETTINGS_INVALID', { detail: `CROSSDOCK_DATA_DIR ${dataDir} cannot be used: ${(cause as Error).message}`, cause });
  }
}
