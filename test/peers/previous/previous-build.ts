import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/built.js';

/** Builds are kept below the clone: one takes as long as the whole test. Nothing but the latest stays. */
const KEPT = join(ROOT, '.tmp/previous');

function git(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', ['-C', ROOT, ...args], { encoding: 'utf8', maxBuffer: 16 * 1_048_576 });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * The commit before the newest migration that is older than this tree: what runs in a hub's place when the schema moves on
 * under it. Undefined where the history is not there, as in a shallow clone or an archive.
 */
export function previousCommit(): string | undefined {
  const newest = git('log', '-1', '--format=%H', '--diff-filter=A', '--', 'migrations/*.ts');
  return newest ? git('rev-parse', '--verify', '--quiet', `${newest}~1`) : undefined;
}

/** This clone's packages, where the tree asks for the same; its own workspace is the tree's own. */
function linkPackages(root: string): void {
  mkdirSync(join(root, 'node_modules/@crossdock'), { recursive: true });
  symlinkSync(join(root, 'packages/connector-sdk'), join(root, 'node_modules/@crossdock/connector-sdk'));
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@crossdock') symlinkSync(join(ROOT, 'node_modules', name), join(root, 'node_modules', name));
  }
}

/** A tree that asks for other packages gets them, or it would be built and run with what it never knew. */
function installPackages(root: string): void {
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The packages of the version before could not be installed.\n${stderr}`);
}

function asksForTheSame(root: string): boolean {
  const [theirs, ours] = [root, ROOT].map((folder) => readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  return theirs === ours;
}

/**
 * Makes a clone of a commit, with a build in it. @returns its root.
 * @throws Error with the compiler's words when it does not build.
 */
export function buildOf(commit: string): string {
  const root = join(KEPT, commit);
  if (existsSync(root)) return root;
  rmSync(KEPT, { recursive: true, force: true });
  const making = join(KEPT, 'making');
  mkdirSync(making, { recursive: true });
  const unpacked = spawnSync('sh', ['-c', 'git -C "$1" archive "$2" | tar -x -C "$3"', 'sh', ROOT, commit, making], { encoding: 'utf8' });
  if (unpacked.status !== 0) throw new Error(unpacked.stderr);
  const linked = asksForTheSame(making);
  if (linked) linkPackages(making);
  else installPackages(making);
  const built = spawnSync(process.execPath, [join(making, 'scripts/build.mjs')], { cwd: making, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The build of ${commit} failed.\n${built.stderr}`);
  // Links that were made here name the folder, and the move changes it.
  if (linked) rmSync(join(making, 'node_modules'), { recursive: true });
  renameSync(making, root);
  if (linked) linkPackages(root);
  return root;
}
