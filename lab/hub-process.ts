import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../src/core/lifecycle/node-flags.js';
import type { Site } from './site.js';

/** The clone. Compiled, this file is dist/lab/hub-process.js in it; under vitest it is lab/hub-process.ts. */
const HERE = fileURLToPath(new URL('..', import.meta.url));
export const ROOT = existsSync(join(HERE, 'package-lock.json')) ? HERE : join(HERE, '..');

const READY_WITHIN_MS = 90_000;

const PREFIX = 'crossdock-demo-';
/** Names the process that a folder belongs to. A hub that was left to somebody has no owner and is never swept. */
const OWNER = 'demo-owner';

/** What a kill hits: the hub alone, its Postgres alone, or both at the same moment. */
export type KillTarget = 'hub' | 'postgres' | 'both';

/** Below the ports that systems hand out for outgoing calls: while a killed hub is away, nobody must take its address by chance. */
const PORTS = { from: 16_000, to: 32_000 } as const;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
  if (listening) await new Promise((resolve) => server.close(resolve));
  return listening;
}

async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${PORTS.from} to ${PORTS.to} is free.`);
}

/** The environment of the practice retailer's hub: nothing of the caller's own hub leaks in. */
function environment(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(CROSSDOCK_|DATABASE_URL$|REDIS_URL$|VITEST|NODE_(?!COMPILE_CACHE))/.test(name));
  return { ...Object.fromEntries(inherited), ...settings };
}

/** A temporary folder that a later run removes, with whatever still runs in it, should this process be killed. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(folder, OWNER), String(process.pid));
  // As root, a Postgres in it runs as another user, who must be able to pass through.
  chmodSync(folder, 0o711);
  return folder;
}

/** How a hub is started when it is not alone with a Postgres of its own. */
export interface HubPlan {
  /** Environment variables that are settings of the hub. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly setupToken?: string;
  /** A clone with a build in it, instead of this one. */
  readonly root?: string;
  /** Copied into the data directory before the start, as the key that seals credentials: for builds that know no setting for it. */
  readonly keyFile?: string;
}

/**
 * The built hub as a process of its own, with its own Postgres in a temporary folder. It keeps its address when it is
 * killed and started again, as a hub behind a name does.
 */
export class HubProcess implements Site {
  private child: ChildProcess | undefined;
  private ended: Promise<number | null> = Promise.resolve(null);
  private over = true;

  private constructor(
    readonly dataDir: string,
    private readonly port: number,
    readonly setupToken: string,
    private readonly plan: HubPlan,
  ) {}

  /** @throws Error with the end of the hub's log when it does not become ready. */
  static async start(plan: HubPlan = {}): Promise<HubProcess> {
    await sweepLeftovers();
    const hub = new HubProcess(ownFolder(), await freePort(), plan.setupToken ?? randomBytes(24).toString('hex'), plan);
    if (plan.keyFile !== undefined) writeFileSync(join(hub.dataDir, 'credentials.key'), readFileSync(plan.keyFile), { mode: 0o600 });
    try {
      await hub.launch();
    } catch (error) {
      await hub.stop({ keep: false });
      throw error;
    }
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Of the hub's own process; 0 while it does not run. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get logFile(): string {
    return join(this.dataDir, 'demo-hub.log');
  }

  /** Whether the process runs; false after a kill and after an end of its own. */
  get running(): boolean {
    return !this.over;
  }

  /** Starts the process, again after a kill; resolves when it says that it is ready. */
  async launch(): Promise<void> {
    const { settings = {}, root = ROOT } = this.plan;
    const log = createWriteStream(this.logFile, { flags: 'a', mode: 0o600 });
    const env = environment({
      CROSSDOCK_PORT: String(this.port),
      CROSSDOCK_DATA_DIR: this.dataDir,
      CROSSDOCK_SETUP_TOKEN: this.setupToken,
      CROSSDOCK_LOG_LEVEL: process.env['CROSSDOCK_LOG_LEVEL'] ?? 'warn',
      CROSSDOCK_PLUGINS_DIR: join(root, 'dist/lab-plugins'),
      ...settings,
    });
    // The folder may go while the last lines are on their way.
    log.on('error', () => undefined);
    const child = spawn(process.execPath, [...NODE_FLAGS, join(root, 'dist/src/main.js')], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.child = child;
    this.over = false;
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      log.write(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => log.write(chunk));
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => {
        this.over = true;
        log.end(() => resolve(code));
      });
    });
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!/^Crossdock ready: /m.test(said)) {
      if (this.over || Date.now() > deadline) throw new Error(`The hub did not become ready. The end of its log:\n${this.logTail()}`);
      await sleep(15);
    }
  }

  /** kill -9, without a word. Postgres is started again by the hub itself where only Postgres was hit. */
  async kill(target: KillTarget): Promise<void> {
    const postmaster = target === 'hub' ? undefined : this.postmasterPid();
    if (target !== 'postgres') this.child?.kill('SIGKILL');
    if (postmaster !== undefined) killProcess(postmaster);
    if (target !== 'postgres') await this.ended;
  }

  /** Stops the process where it stands, or lets it go on: what a machine does that swaps, or a hypervisor that moves it. */
  stall(how: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(how);
  }

  /** SIGTERM; resolves with the exit code. The folder stays, and the process can be launched again. */
  async end(): Promise<number | null> {
    this.child?.kill('SIGTERM');
    return this.ended;
  }

  /** Ends the hub as a service manager would, and removes its folder unless it is to be kept. */
  async stop({ keep }: { keep: boolean }): Promise<void> {
    const postmaster = this.postmasterPid();
    if (!this.over) {
      this.child?.kill('SIGTERM');
      const done = await Promise.race([this.ended.then(() => true), sleep(20_000, false)]);
      if (!done) {
        this.child?.kill('SIGKILL');
        await this.ended;
      }
    }
    // A hub that was killed leaves its Postgres running for the next one to adopt; here there is no next one.
    if (postmaster !== undefined && this.postmasterPid() === postmaster) await this.endPostgres(postmaster);
    if (!keep) rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Leaves the running hub to whoever wants to look around in it: this process can end without it. */
  letGo(): void {
    rmSync(join(this.dataDir, OWNER), { force: true });
    this.child?.unref();
    this.child?.stdout?.destroy();
    this.child?.stderr?.destroy();
  }

  /** Megabytes that the hub's own process holds in memory; undefined where /proc does not tell. */
  residentMb(): number | undefined {
    try {
      const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024;
    } catch {
      return undefined;
    }
  }

  logTail(lines = 15): string {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).map((line) => line.slice(0, 400)).join('\n');
    } catch {
      return '(no log)';
    }
  }

  private postmasterPid(): number | undefined {
    try {
      const pid = Number(readFileSync(join(this.dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
      return Number.isInteger(pid) && pid > 1 ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  private async endPostgres(pid: number): Promise<void> {
    if (!killProcess(pid, 'SIGINT')) return;
    for (let waited = 0; waited < 10_000 && killProcess(pid, 0); waited += 50) await sleep(50);
    killProcess(pid);
  }
}

/** A run that was itself killed leaves its hub behind; the next one ends it, so that none pile up. */
async function sweepLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    try {
      if (killProcess(Number(readFileSync(join(folder, OWNER), 'utf8')), 0)) continue;
      endLeftover(folder);
      await sleep(200);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    } catch {
      // Another user's folder, or one that was left on purpose.
    }
  }
}

/** Ends the hub and the Postgres of a folder, each only if /proc shows that the process id still means it. */
function endLeftover(folder: string): void {
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    try {
      const about = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const hub = about.some((word) => word.endsWith('dist/src/main.js')) && readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`CROSSDOCK_DATA_DIR=${folder}`);
      if (hub) killProcess(pid);
      else if (about.includes(join(folder, 'postgres/data'))) killProcess(pid, 'SIGQUIT');
    } catch {
      // The process has ended meanwhile, or belongs to somebody else.
    }
  }
}

/** False when there is no such process (any more). */
function killProcess(pid: number, signal: NodeJS.Signals | 0 = 'SIGKILL'): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
