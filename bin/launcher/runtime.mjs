import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const OLDEST = 24;

function versionOf(program) {
  const tried = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return { major: tried.status === 0 ? Number(/^v(\d+)/.exec(tried.stdout)?.[1] ?? 0) : 0, complaint: tried.error?.message ?? tried.stderr ?? '' };
}

/**
 * The Node that the hub runs on: the pinned one that came with the packages. Official builds need libatomic.so.1,
 * which small systems lack; then an installed Node of a late enough version serves.
 */
export function findRuntime(root, say, installed = { path: process.execPath, version: process.versions.node }) {
  const pinned = join(root, 'node_modules/.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  const own = existsSync(pinned) ? versionOf(pinned) : { major: 0, complaint: 'it is not there' };
  if (own.major >= OLDEST) return pinned;
  const why = own.complaint.trim().split('\n')[0];
  if (Number(installed.version.split('.')[0]) >= OLDEST) {
    say(`the Node that comes with Crossdock does not run here (${why}); using ${installed.path} ${installed.version}`);
    return installed.path;
  }
  const cure = /libatomic/.test(own.complaint)
    ? 'Install the library that it needs: `apt-get install libatomic1` (Debian, Ubuntu), `dnf install libatomic` (Fedora, RHEL), or install Node 24 or newer.'
    : 'Install Node 24 or newer.';
  throw new Error(`the Node that comes with Crossdock does not run here: ${why}\n${cure}`);
}

function environment(cwd, env) {
  return { ...process.env, PATH: [join(cwd, 'node_modules/.bin'), process.env.PATH].join(delimiter), ...env };
}

/**
 * Hands over for good. Where Node can, the program takes the launcher's place: one process less, which would do nothing but hold
 * 30 MB and pass signals on. Node has execve since 22.15, and not on Windows.
 */
export async function becomeOrRun(program, args, { cwd, env = {} }) {
  if (process.execve === undefined || process.platform === 'win32') return run(program, args, { cwd, env });
  process.chdir(cwd);
  return process.execve(program, [program, ...args], environment(cwd, env));
}

/** Runs a program and answers how it ended. Signals that reach the launcher alone are passed on. */
export async function run(program, args, { cwd, env = {} }) {
  const child = spawn(program, args, { cwd, stdio: 'inherit', env: environment(cwd, env) });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...ending) => resolve(ending));
  });
  return signal ? 128 + (SIGNAL_NUMBERS[signal] ?? 0) : code;
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
