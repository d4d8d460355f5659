import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE_FLAGS } from '../../src/core/lifecycle/node-flags.js';
import { SETTING_ROWS } from '../../src/core/settings/settings.js';
import { requireBuild, ROOT } from '../support/built.js';
import { hubEnvironment } from '../support/hub.js';
import { all, copyOf, stagesOf } from './dockerfile.js';
import { layOut } from './image.js';

const [build, image] = stagesOf(join(ROOT, 'docker/Dockerfile'));
const command = JSON.parse(all(image, 'CMD')[0] ?? '[]') as string[];
const healthcheck = JSON.parse(/CMD (\[.*\])/.exec(all(image, 'HEALTHCHECK')[0] ?? '')?.[1] ?? '[]') as string[];
const environment = Object.fromEntries(all(image, 'ENV').map((one) => one.split('=', 2) as [string, string]));

/** As root, whom Postgres does not run as, the image's user is played by `nobody`, who may write nothing of the clone. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the Dockerfile', () => {
  it('copies only what is in the repository, and from the build only what the build makes', () => {
    const ignored = readFileSync(join(ROOT, 'docker/Dockerfile.dockerignore'), 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const sources = [...all(build, 'COPY'), ...all(image, 'COPY')].map(copyOf).filter(({ from }) => from === undefined).flatMap(({ sources: paths }) => paths);
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(sources.filter((path) => !ignored.some((allowed) => path === allowed || path.startsWith(`${allowed}/`)))).toEqual([]);
    const made = all(image, 'COPY').map(copyOf).filter(({ from }) => from === 'build').flatMap(({ sources: paths }) => paths.map((path) => path.replace(/^\/app\//, '')));
    expect(made.filter((path) => path !== 'sbom.cdx.json' && !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('names npm scripts and files that exist', () => {
    const runs = all(build, 'RUN').join('\n');
    expect(runs).toContain('node scripts/build.mjs');
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    for (const name of [...runs.matchAll(/npm run (?:--silent )?(\S+)/g)].map((match) => match[1] ?? '')) expect([name, name in scripts]).toEqual([name, true]);
    for (const script of [...runs.matchAll(/node (\S+\.mjs)/g)].map((match) => match[1] ?? '')) expect([script, existsSync(join(ROOT, script))]).toEqual([script, true]);
    for (const name of [...runs.matchAll(/npm rebuild ([^&\n]+)/g)].flatMap((match) => (match[1] ?? '').trim().split(/\s+/))) {
      expect(readFileSync(join(ROOT, 'package.json'), 'utf8')).toContain(`"${name}"`);
    }
  });

  it('runs as somebody who is not root, keeps its data in the volume, and starts Node as the launcher does', () => {
    expect(all(image, 'USER')).toEqual(['10001:10001']);
    expect(all(image, 'VOLUME')).toEqual([environment['CROSSDOCK_DATA_DIR']]);
    expect(all(image, 'EXPOSE')).toEqual([environment['CROSSDOCK_PORT']]);
    expect(command).toEqual(['node', ...NODE_FLAGS, 'dist/src/main.js']);
    const known = SETTING_ROWS.map(({ name }) => name);
    expect(Object.keys(environment).filter((name) => name.startsWith('CROSSDOCK_') && !known.includes(name))).toEqual([]);
  });
});

describe('the start command in a clean folder with the layout of the image', () => {
  let folder: string;
  let app: string;
  let env: NodeJS.ProcessEnv;
  let hub: ChildProcess | undefined;
  let said = '';
  /** Younger than every file of the image. */
  let marker: string;

  const check = (): ReturnType<typeof spawnSync> => spawnSync(process.execPath, healthcheck.slice(1), { cwd: app, env, encoding: 'utf8', ...nobody });

  beforeAll(async () => {
    requireBuild();
    // Beside the clone, so that files can be linked rather than copied; whoever plays the image's user must get there.
    mkdirSync(join(ROOT, '.tmp'), { recursive: true });
    folder = mkdtempSync(join(statSync(ROOT).mode & 0o001 ? join(ROOT, '.tmp') : tmpdir(), 'image-'));
    app = join(folder, 'app');
    layOut(image ?? [], app);
    marker = join(folder, 'laid-out');
    writeFileSync(marker, '');
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    spawnSync('chmod', ['711', folder]);
    if (nobody.uid !== undefined) chownSync(data, nobody.uid, nobody.gid);
    env = hubEnvironment({ ...environment, CROSSDOCK_DATA_DIR: data, CROSSDOCK_HOST: '127.0.0.1', CROSSDOCK_PORT: String(await freePort()) });
    const started = (hub = spawn(process.execPath, command.slice(1), { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'], ...nobody }));
    for (const stream of [started.stdout, started.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  }, 120_000);

  afterAll(async () => {
    if (hub?.exitCode === null) hub.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('becomes ready with a Postgres of its own, writes nothing beside its volume, and stops when it is told', async () => {
    expect(check().status).toBe(1);
    await new Promise<void>((resolve, reject) => {
      hub?.once('exit', (code) => reject(new Error(`it ended with ${code}: ${said}`)));
      const look = setInterval(() => {
        if (!said.includes('Crossdock ready: ')) return;
        clearInterval(look);
        resolve();
      }, 100);
    });
    const healthy = check();
    expect([healthy.status, healthy.stderr]).toEqual([0, '']);
    expect(said).toMatch(/Setup token: \S{16,}/);
    expect(spawnSync('find', [app, '-newer', marker], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' });
    hub?.removeAllListeners('exit');
    const code = new Promise((resolve) => hub?.once('exit', resolve));
    hub?.kill('SIGTERM');
    expect(await code).toBe(0);
  }, 120_000);
});
