import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { endingWithUs } from './installed.js';

/** A running trytond. */
export interface TrytonProcess {
  /** `http://127.0.0.1:1234`, without the database's name. */
  readonly url: string;
  readonly pid: number;
  /** What it has written so far. */
  log(): string;
  /** Ends it, and waits until it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const READY_WITHIN_MS = 60_000;

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/**
 * Starts trytond on the databases in `folder`, without cron and workers, on a loopback port: a given one (to come back where it was), or
 * any free one. @throws Error with its log when it ends or does not answer in time.
 */
export async function runServer(folder: string, database: string, port?: number): Promise<TrytonProcess> {
  const listen = port ?? (await freePort());
  const config = join(folder, 'trytond.conf');
  writeFileSync(config, `[database]\nuri = sqlite://\npath = ${folder}\n[web]\nlisten = 127.0.0.1:${listen}\n`);
  const { program, args } = endingWithUs('trytond', ['-c', config, '-d', database, '-v']);
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  let over = false;
  const ended = new Promise<void>((resolve) => {
    child.once('close', resolve);
    child.once('error', (error) => ((log += String(error)), resolve()));
  }).then(() => void (over = true));
  const url = `http://127.0.0.1:${listen}`;
  const server: TrytonProcess = {
    url, pid: child.pid ?? 0, log: () => log,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    },
  };
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await answers(url))) {
    if (over || Date.now() > deadline) {
      await server.stop('SIGKILL');
      throw new Error(`trytond did not become ready.\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return server;
}

async function answers(url: string): Promise<boolean> {
  try {
    const body = JSON.stringify({ id: 0, method: 'common.server.version', params: [] });
    const response = await fetch(`${url}/`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await response.text();
    return response.status === 200;
  } catch {
    return false;
  }
}
