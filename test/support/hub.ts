import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE_FLAGS } from '../../src/core/lifecycle/node-flags.js';
import { requireBuild, ROOT } from './built.js';
import { createTestDatabase, type TestDatabase } from './database.js';

const MAIN = join(ROOT, 'dist/src/main.js');
const READY_WITHIN_MS = 60_000;

/** What a call answered; `body` is the parsed JSON, or undefined where there is none. */
export interface HubAnswer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface HubCall {
  /** Instead of the admin session; null sends no token at all. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The built hub as a process of its own. */
export interface Hub {
  readonly url: string;
  readonly pid: number;
  readonly adminToken: string;
  /** Calls the hub; an object is sent as JSON, a string or Buffer as it is. By default as the admin. */
  api<Body = Record<string, unknown>>(method: string, path: string, body?: unknown, call?: HubCall): Promise<HubAnswer<Body>>;
  /** Everything that the hub has written to stderr so far. */
  log(): string;
  /** The exit code, once the process has ended by whatever cause. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, and the exit code; removes what startHub made. */
  stop(): Promise<number | null>;
  /** kill -9, and nothing else: the same database and data directory can be started on again. Call `dispose` afterwards. */
  kill(): Promise<void>;
  dispose(): Promise<void>;
}

export interface HubOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** An existing database, which the caller drops; otherwise one is made. */
  readonly databaseUrl?: string;
  /** An existing data directory, which the caller removes; otherwise one is made. */
  readonly dataDir?: string;
}

export const HUB_ADMIN = { email: 'admin@example.test', password: 'correct horse battery staple' } as const;

/** A process that is to become a hub, and what it has said. */
export interface HubProcess {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
}

/** The environment of a hub under test: nothing of this process's own settings leaks in. */
export function hubEnvironment(given: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(([name]) => !/^(CROSSDOCK_|DATABASE_URL$|REDIS_URL$|VITEST|NODE_(?!COMPILE_CACHE))/.test(name));
  return { ...Object.fromEntries(clean), CROSSDOCK_PORT: '0', ...given };
}

/** Starts a program and keeps what it writes. */
export function launch(program: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd = ROOT): HubProcess {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, output, ended };
}

/** The URL of the ready line. @throws Error with all output when the process ends or says nothing in time. */
export async function readyUrl({ output, ended }: HubProcess, withinMs = READY_WITHIN_MS): Promise<string> {
  let over = false;
  void ended.then(() => (over = true));
  const deadline = Date.now() + withinMs;
  for (;;) {
    const url = /^Crossdock ready: (http:\S+)\n/m.exec(output.stdout)?.[1];
    if (url) return url;
    if (over || Date.now() > deadline) throw new Error(`The hub did not become ready.\n${output.stdout}\n${output.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

async function request<Body>(url: string, method: string, path: string, body: unknown, token: string | null, headers: Readonly<Record<string, string>> = {}): Promise<HubAnswer<Body>> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(url + path, {
    method,
    headers: { ...(body !== undefined && !raw ? { 'content-type': 'application/json' } : {}), ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
    body: body === undefined ? undefined : raw ? (body as string) : JSON.stringify(body),
  });
  const text = await response.text();
  const json = (response.headers.get('content-type') ?? '').includes('json') && text !== '';
  return { status: response.status, headers: response.headers, body: (json ? JSON.parse(text) : undefined) as Body };
}

/** Claims the hub if it still prints a token, and opens an admin session. */
async function enter(url: string, stdout: string): Promise<string> {
  const token = /^Setup token: (\S+)$/m.exec(stdout)?.[1];
  if (token) {
    const claimed = await request(url, 'POST', '/admin/v1/setup', { token, ...HUB_ADMIN }, null);
    if (claimed.status !== 201) throw new Error(`The hub was not claimed: ${JSON.stringify(claimed.body)}`);
  }
  const session = await request<{ token: string }>(url, 'POST', '/admin/v1/sessions', HUB_ADMIN, null);
  if (session.status !== 201) throw new Error(`No admin session: ${JSON.stringify(session.body)}`);
  return session.body.token;
}

/** Starts the built hub on a free port and a database of its own, claims it, and signs in as the admin. */
export async function startHub(options: HubOptions = {}): Promise<Hub> {
  requireBuild();
  const database: TestDatabase | undefined = options.databaseUrl ? undefined : await createTestDatabase();
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'crossdock-hub-')));
  const env = hubEnvironment({ DATABASE_URL: options.databaseUrl ?? database?.url ?? '', CROSSDOCK_DATA_DIR: dataDir, ...options.env });
  const hub = launch(process.execPath, [...NODE_FLAGS, MAIN], env);
  const dispose = async (): Promise<void> => {
    hub.child.kill('SIGKILL');
    await hub.ended;
    await database?.drop();
    if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const url = await readyUrl(hub);
    const adminToken = options.env?.['CROSSDOCK_ROLE'] === 'worker' ? '' : await enter(url, hub.output.stdout);
    return {
      url,
      pid: hub.child.pid ?? 0,
      adminToken,
      api: (method, path, body, call = {}) => request(url, method, path, body, call.token === undefined ? adminToken : call.token, call.headers),
      log: () => hub.output.stderr,
      ended: hub.ended,
      stop: async () => {
        hub.child.kill('SIGTERM');
        const code = await hub.ended;
        await dispose();
        return code;
      },
      kill: async () => {
        hub.child.kill('SIGKILL');
        await hub.ended;
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
