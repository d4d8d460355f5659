// Installs the pinned Vendure into a cache outside of the clone: `node test/peers/vendure/install.mjs`. Done once for each
// lockfile; several processes may do it at once, the first that finishes wins. Tests never install: they look (`peerFolder`).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** Where peers of tests are kept: CROSSDOCK_PEERS_DIR, else the user's cache. */
function peersDir() {
  return process.env['CROSSDOCK_PEERS_DIR'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'crossdock', 'peers');
}

/** The folder that holds exactly what the lockfile pins, once it is installed. */
export function peerFolder() {
  const mark = createHash('sha256').update(readFileSync(join(here, 'package-lock.json'))).digest('hex').slice(0, 12);
  return join(peersDir(), `vendure-${mark}`);
}

export function isInstalled() {
  return existsSync(join(peerFolder(), 'node_modules', '@vendure', 'core', 'package.json'));
}

function install() {
  mkdirSync(peersDir(), { recursive: true });
  const unfinished = mkdtempSync(join(peersDir(), '.installing-'));
  try {
    for (const name of ['package.json', 'package-lock.json', '.npmrc']) copyFileSync(join(here, name), join(unfinished, name));
    const done = spawnSync('npm', ['ci', '--no-progress', '--loglevel=error'], { cwd: unfinished, stdio: ['ignore', 2, 2] });
    if (done.status !== 0) throw new Error(`npm ci ended with ${done.status ?? done.error?.message}`);
    // A whole folder appears under its name or none does; whoever comes second finds the name taken, by the same content.
    if (!isInstalled()) renameSync(unfinished, peerFolder());
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !isInstalled()) {
  try {
    install();
  } catch (error) {
    if (!isInstalled()) {
      process.stderr.write(`Vendure could not be installed: ${error.message}\n`);
      process.exitCode = 1;
    }
  }
}
