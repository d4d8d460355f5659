import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT } from '../support/built.js';
import { hubEnvironment, launch, type HubProcess } from '../support/hub.js';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** Stands in for npm: notes that it ran, takes its time, and leaves what `npm ci` leaves. */
const NPM = `
const fs = require('node:fs');
fs.appendFileSync('npm.log', process.argv.slice(2).join(' ') + '\\n');
fs.rmSync('node_modules', { recursive: true, force: true });
setTimeout(() => {
  fs.mkdirSync('node_modules/.bin', { recursive: true });
  fs.symlinkSync(process.env.REAL_NODE, 'node_modules/.bin/node');
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
}, 400);
`;
const BUILD = `
import fs from 'node:fs';
const fresh = fs.existsSync('dist/src/main.js');
if (process.argv.includes('--check')) process.exit(fresh ? 0 : 3);
if (fresh) process.exit(0);
fs.appendFileSync('build.log', 'built\\n');
await new Promise((resolve) => setTimeout(resolve, 300));
fs.mkdirSync('dist/src', { recursive: true });
fs.copyFileSync('main.mjs', 'dist/src/main.js');
`;
const MAIN = `
process.on('SIGTERM', () => { console.log('told'); process.exit(Number(process.env.CODE ?? 0)); });
console.log('ready ' + process.execArgv.join(' ') + ' ' + process.argv.slice(2).join(' '));
if (process.env.CODE === undefined) process.exit(0);
setInterval(() => undefined, 1000);
`;

/** A clone in which only the launcher is real. */
async function clone(version = '1.0.0'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'crossdock-clone-'));
  folders.push(folder);
  await cp(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  await mkdir(join(folder, 'scripts'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await mkdir(join(folder, 'npm'));
  await writeFile(join(folder, 'npm/package.json'), '{ "type": "commonjs" }');
  await writeFile(join(folder, 'npm/cli.js'), NPM);
  await writeFile(join(folder, 'scripts/build.mjs'), BUILD);
  await writeFile(join(folder, 'main.mjs'), MAIN);
  await lock(folder, version);
  return folder;
}

async function lock(folder: string, version: string): Promise<void> {
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': {}, 'node_modules/one': { version } } }));
}

function run(folder: string, args: string[], env: Record<string, string> = {}): HubProcess {
  return launch(process.execPath, ['bin/crossdock.mjs', ...args], { ...hubEnvironment(env), npm_execpath: join(folder, 'npm/cli.js'), REAL_NODE: process.execPath }, folder);
}

async function lines(file: string): Promise<number> {
  return readFile(file, 'utf8').then((text) => text.trim().split('\n').length, () => 0);
}

describe('the launcher', () => {
  it('explains each command on a clone where nothing is installed', async () => {
    const folder = await clone();
    for (const command of ['start', 'test', 'demo', 'bench']) {
      const { stdout, status } = spawnSync(process.execPath, ['bin/crossdock.mjs', command, '--help'], { cwd: folder, encoding: 'utf8' });
      expect(status).toBe(0);
      expect(stdout).toContain(`npm ${command === 'start' || command === 'test' ? '' : 'run '}${command}`);
    }
    const { stdout } = spawnSync(process.execPath, ['bin/crossdock.mjs', 'start', '--help'], { cwd: folder, encoding: 'utf8' });
    for (const name of ['CROSSDOCK_PORT', 'CROSSDOCK_HOST', 'CROSSDOCK_DATA_DIR', 'CROSSDOCK_ROLE', 'CROSSDOCK_SETUP_TOKEN', 'CROSSDOCK_LOG_LEVEL', 'DATABASE_URL']) expect(stdout).toContain(name);
    expect(await lines(join(folder, 'npm.log'))).toBe(0);
  });

  it('refuses a command that it does not know, with code 2', async () => {
    const folder = await clone();
    const { status, stderr } = spawnSync(process.execPath, ['bin/crossdock.mjs', 'strat'], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('usage:');
  });

  it('installs and builds once when three are started at the same time', async () => {
    const folder = await clone();
    const started = [1, 2, 3].map((n) => run(folder, ['start', String(n)]));
    const codes = await Promise.all(started.map(({ ended }) => ended));
    expect(started.map(({ output }) => output.stderr).join('')).not.toContain('could not');
    expect(codes).toEqual([0, 0, 0]);
    expect(await lines(join(folder, 'npm.log'))).toBe(1);
    expect(await lines(join(folder, 'build.log'))).toBe(1);
    expect(started.map(({ output }) => output.stdout)).toEqual([1, 2, 3].map((n) => `ready --disable-sigusr1 --max-semi-space-size=8 ${n}\n`));
  });

  it('goes on where a killed launcher left its lock, and installs again what was interrupted', async () => {
    const folder = await clone();
    await mkdir(join(folder, '.tmp'));
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    await writeFile(join(folder, '.tmp/launcher.lock'), JSON.stringify({ pid: dead, born: '1' }));
    await mkdir(join(folder, 'node_modules/one'), { recursive: true });
    expect(await run(folder, ['start']).ended).toBe(0);
    expect(await lines(join(folder, 'npm.log'))).toBe(1);
  });

  it('installs again when the lockfile asks for something else, and not when it was only touched', async () => {
    const folder = await clone();
    expect(await run(folder, ['start']).ended).toBe(0);
    const later = new Date(Date.now() + 60_000);
    await utimes(join(folder, 'package-lock.json'), later, later);
    expect(await run(folder, ['start']).ended).toBe(0);
    expect(await lines(join(folder, 'npm.log'))).toBe(1);
    await lock(folder, '1.0.1');
    await utimes(join(folder, 'package-lock.json'), later, later);
    expect(await run(folder, ['start']).ended).toBe(0);
    expect(await lines(join(folder, 'npm.log'))).toBe(2);
  });

  it('passes SIGTERM on and ends with the code of the program', async () => {
    const folder = await clone();
    const started = run(folder, ['start'], { CODE: '7' });
    while (!started.output.stdout.includes('ready')) await new Promise((resolve) => setTimeout(resolve, 10));
    started.child.kill('SIGTERM');
    expect(await started.ended).toBe(7);
    expect(started.output.stdout).toContain('told');
  });

  it('says what npm said and starts nothing when the packages cannot be installed', async () => {
    const folder = await clone();
    await writeFile(join(folder, 'npm/cli.js'), 'console.error("no space left"); process.exit(1);');
    const started = run(folder, ['start']);
    expect(await started.ended).toBe(1);
    expect(started.output.stderr).toMatch(/no space left[^]*packages could not be installed/);
    expect(started.output.stdout).toBe('');
  });

  it('falls back to the installed Node where the pinned one lacks libatomic, or says what to install', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'crossdock-clone-'));
    folders.push(folder);
    await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
    const pinned = join(folder, 'node_modules/.bin/node');
    await writeFile(pinned, '#!/bin/sh\necho "node: error while loading shared libraries: libatomic.so.1: cannot open shared object file" >&2\nexit 127\n');
    await chmod(pinned, 0o755);
    const { findRuntime } = (await import(new URL('../../bin/launcher/runtime.mjs', import.meta.url).href)) as {
      findRuntime(root: string, say: (line: string) => void, installed: { path: string; version: string }): string;
    };
    const said: string[] = [];
    expect(findRuntime(folder, (line) => said.push(line), { path: '/usr/bin/node', version: '24.1.0' })).toBe('/usr/bin/node');
    expect(said.join()).toContain('libatomic.so.1');
    expect(() => findRuntime(folder, () => undefined, { path: '/usr/bin/node', version: '20.20.2' })).toThrow(/apt-get install libatomic1/);
    await rm(pinned);
    await symlink(process.execPath, pinned);
    expect(findRuntime(folder, () => undefined, { path: '/usr/bin/node', version: '20.20.2' })).toBe(pinned);
  });
});

describe('npm start on this clone', () => {
  it('refuses a setting that it cannot use with code 2, names it, and starts nothing', async () => {
    const started = launch(process.execPath, ['bin/crossdock.mjs', 'start'], hubEnvironment({ CROSSDOCK_PORT: 'http' }));
    expect(await started.ended).toBe(2);
    expect(started.output.stderr).toContain("CROSSDOCK_PORT is 'http'");
    expect(started.output.stdout).toBe('');
  });
});
