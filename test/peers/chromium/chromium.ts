import { chromium, type Browser } from 'playwright-core';
import { onPath } from '../on-path.js';

/** The Debian package that makes the peer; `.ci/run` installs it. */
const PROGRAM = onPath('chromium');

/** Why tests in a real browser cannot run here, if they cannot. Part of the name of each suite that is skipped for it. */
export const CHROMIUM_ABSENT = PROGRAM === undefined ? 'no Chromium is installed (Debian: chromium)' : undefined;

/** A browser with an empty profile, which ends with this process. Call `close` in `afterAll`. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
}
