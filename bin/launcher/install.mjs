import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const sha = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Whether what npm says is installed is what the lockfile asks for, platform packages aside. */
function matches(root) {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional, link, resolved }]) => {
    if (!path.startsWith('node_modules/')) return true;
    const found = present[path];
    if (!found) return optional === true;
    return link ? found.resolved === resolved : found.version === version;
  });
}

/** npm writes node_modules/.package-lock.json last, so an install that was interrupted has none. */
export function isInstalled(root) {
  const done = join(root, 'node_modules/.package-lock.json');
  const lock = join(root, 'package-lock.json');
  const stamp = join(root, 'node_modules/.crossdock-lock');
  if (!existsSync(done)) return false;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sha(lock)) return true;
  return statSync(done).mtimeMs >= statSync(lock).mtimeMs || matches(root);
}

/** How many of the packages that this platform needs are unpacked by now. */
function unpacked(root, packages) {
  return packages.filter((path) => existsSync(join(root, path, 'package.json'))).length;
}

function packagesToCome(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.keys(packages).filter((path) => path.startsWith('node_modules/') && !packages[path].optional && !packages[path].link);
}

/** `npm ci`, with signs of life: npm itself says nothing for a minute when its output is not a terminal. */
export async function install(root, say) {
  say('installing packages (once; about a minute)');
  // Started by npm, this is the very npm that was used; started by hand, the one on the PATH.
  const npm = process.env.npm_execpath;
  // No package's script runs: the one that matters, Postgres' library links, the hub makes by itself.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const [program, ...all] = npm?.endsWith('.js') ? [process.execPath, npm, ...args] : ['npm', ...args];
  const child = spawn(program, all, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' && program === 'npm' });
  const start = Date.now();
  const awaited = packagesToCome(root);
  const beat = setInterval(() => say(`installing: ${Math.round((Date.now() - start) / 1000)} s, ${unpacked(root, awaited)} of ${awaited.length} packages`), 5_000);
  const stop = (signal) => child.kill(signal);
  process.once('SIGTERM', stop).once('SIGINT', stop);
  const outcome = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `npm ci ended with ${signal ?? code}`));
  });
  clearInterval(beat);
  process.removeListener('SIGTERM', stop).removeListener('SIGINT', stop);
  if (outcome) throw new Error(`the packages could not be installed: ${outcome}`);
  writeFileSync(join(root, 'node_modules/.crossdock-lock'), sha(join(root, 'package-lock.json')));
  say(`installed in ${Math.round((Date.now() - start) / 1000)} s`);
}
