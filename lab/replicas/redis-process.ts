import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

const PROGRAM = 'redis-server';
const READY_WITHIN_MS = 15_000;

/** Whether a redis-server can be started here. */
export const redisInstalled: boolean = spawnSync(PROGRAM, ['--version'], { stdio: 'ignore' }).status === 0;

/** A Redis of the caller's own, on a free port of the loopback address, which keeps nothing on disk. */
export interface RedisProcess {
  readonly url: string;
  readonly pid: number;
  /** Runs one command on a connection of its own. */
  command(...words: string[]): Promise<unknown>;
  /** kill -9. Everything it held is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty, where it was. */
  start(): Promise<void>;
  /** Stops it, in whatever state it is, and removes its folder. */
  stop(): Promise<void>;
}

export interface RedisOptions {
  readonly password?: string;
  /** Further lines of its configuration, such as `['--maxmemory', '3mb']`. */
  readonly args?: readonly string[];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function once(port: number, password: string | undefined, words: readonly string[]): Promise<unknown> {
  const client = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, enableReadyCheck: false });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.call(words[0] ?? 'PING', ...words.slice(1));
  } finally {
    client.disconnect();
  }
}

class OwnRedis implements RedisProcess {
  private child: ChildProcess | undefined;
  private ended: Promise<unknown> = Promise.resolve();
  private said = '';

  constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly options: RedisOptions,
  ) {}

  get url(): string {
    return `redis://${this.options.password === undefined ? '' : `:${encodeURIComponent(this.options.password)}@`}127.0.0.1:${this.port}/0`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  command(...words: string[]): Promise<unknown> {
    return once(this.port, this.options.password, words);
  }

  async start(): Promise<void> {
    const { password, args = [] } = this.options;
    const secret = password === undefined ? [] : ['--requirepass', password];
    const child = spawn(PROGRAM, ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.folder, '--maxmemory-policy', 'noeviction', ...secret, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    let over = false;
    this.ended = new Promise((resolve) => child.once('close', resolve)).then(() => (over = true));
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const answer = await this.command('PING').catch(() => undefined);
      if (answer === 'PONG') return;
      if (over || Date.now() > deadline) throw new Error(`Redis did not start on port ${this.port}.\n${this.said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Starts a Redis, which its caller stops. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisProcess> {
  const peer = new OwnRedis(await mkdtemp(join(tmpdir(), 'crossdock-redis-')), await freePort(), options);
  try {
    await peer.start();
    return peer;
  } catch (error) {
    await peer.stop();
    throw error;
  }
}
