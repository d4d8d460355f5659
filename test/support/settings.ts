import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../../src/core/settings/settings.js';

/** Settings for modules under test; only what a test cares about need be named. The data directory ends with the run. */
export function testSettings(given: Partial<Settings> & { databaseUrl: string }): Settings {
  return { port: 0, host: '127.0.0.1', dataDir: mkdtempSync(join(tmpdir(), 'settings-')), role: 'all', setupToken: undefined, logLevel: 'silent', metrics: 'open', ...given } as Settings;
}
