import { execFileSync } from 'node:child_process';
import { onPath } from '../on-path.js';

/** The Debian packages that make the peer; `.ci/run` installs them. What these need comes with them. */
export const TRYTON_PACKAGES = ['tryton-server', 'tryton-modules-stock', 'tryton-modules-sale', 'tryton-modules-purchase'] as const;

/** Modules activated in the peer's database; what they depend on (product, company, account ...) comes with them. */
export const TRYTON_MODULES = ['stock', 'sale', 'purchase'] as const;

/** Asks the system's Python, which is the one that the packages are made for. */
function installedVersion(): string | undefined {
  if (onPath('trytond') === undefined || onPath('trytond-admin') === undefined) return undefined;
  const script = `
import os, trytond.modules
missing = [name for name in ${JSON.stringify(TRYTON_MODULES)} if not os.path.isdir(os.path.join(trytond.modules.MODULES_PATH, name))]
print('' if missing else trytond.__version__)`;
  try {
    const answer = execFileSync('/usr/bin/python3', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return answer === '' ? undefined : answer;
  } catch {
    return undefined;
  }
}

/** The server's version, `6.0.29` say; undefined where Tryton or one of the modules is not installed. */
export const TRYTON_VERSION = installedVersion();

/** Why tests against a real Tryton cannot run here, if they cannot. Part of the name of each suite that is skipped for it. */
export const TRYTON_ABSENT = TRYTON_VERSION === undefined ? `Tryton is not installed (Debian: ${TRYTON_PACKAGES.join(', ')})` : undefined;

/**
 * A command line whose process ends when this one does, in whatever way, also by SIGKILL: a test worker that is killed leaves no
 * server behind. Only Linux can do that; elsewhere an orderly stop has to be enough.
 */
export function endingWithUs(program: string, args: readonly string[]): { readonly program: string; readonly args: readonly string[] } {
  const setpriv = process.platform === 'linux' ? onPath('setpriv') : undefined;
  return setpriv === undefined ? { program, args } : { program: setpriv, args: ['--pdeathsig', 'KILL', '--', program, ...args] };
}
