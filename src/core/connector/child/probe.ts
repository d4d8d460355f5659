import type { ProbeFinding } from '../wire/messages.js';

/** Port 9 on loopback: refused at once where somebody could reach the network, denied before that where nobody can. */
const LOOPBACK = '127.0.0.1';
const DISCARD_PORT = 9;

/** The raw modules, fetched before hardening: a connector cannot have them, the probe asks what would be if it could. */
export function captureModules() {
  return {
    childProcess: process.getBuiltinModule('node:child_process'),
    dgram: process.getBuiltinModule('node:dgram'),
    dns: process.getBuiltinModule('node:dns/promises'),
    fs: process.getBuiltinModule('node:fs'),
    inspector: process.getBuiltinModule('node:inspector'),
    net: process.getBuiltinModule('node:net'),
    os: process.getBuiltinModule('node:os'),
    workers: process.getBuiltinModule('node:worker_threads'),
  };
}

type Modules = ReturnType<typeof captureModules>;

type Attempt = readonly [name: string, deniedCodes: readonly string[], run: () => unknown];

const DENIED = ['ERR_ACCESS_DENIED'];
const GONE = ['TypeError'];

/** Ways out that the permission model must close. */
function permission({ childProcess, dgram, dns, fs, inspector, net, workers }: Modules): readonly Attempt[] {
  return [
    ['read a file', DENIED, () => fs.readFileSync('/etc/passwd')],
    ['list a folder', DENIED, () => fs.readdirSync('/')],
    ['write a file', DENIED, () => fs.writeFileSync(`/tmp/crossdock-probe-${process.pid}`, 'x')],
    ['open a TCP connection', DENIED, () => new Promise((resolve, reject) => net.connect(DISCARD_PORT, LOOPBACK).on('connect', resolve).on('error', reject))],
    ['open a Unix socket', DENIED, () => new Promise((resolve, reject) => net.connect('/run/nothing.sock').on('connect', resolve).on('error', reject))],
    ['listen on a port', DENIED, () => new Promise<void>((resolve, reject) => net.createServer().on('error', reject).listen(0, resolve))],
    ['send a datagram', DENIED, () => new Promise<void>((resolve, reject) => {
      dgram.createSocket('udp4').on('error', reject).send('x', DISCARD_PORT, LOOPBACK, (error) => (error ? reject(error) : resolve()));
    })],
    ['ask the name service', DENIED, () => dns.lookup('localhost')],
    ['run a program', DENIED, () => {
      const { error } = childProcess.spawnSync('/bin/true');
      if (error) throw error;
    }],
    ['start a worker', DENIED, () => new workers.Worker('', { eval: true })],
    ['open an inspector', DENIED, () => inspector.open(0)],
  ];
}

interface InnerProcess {
  _kill(pid: number, signal: number): void;
  _debugProcess(pid: number): void;
  dlopen(module: object, path: string): void;
  execve(path: string): void;
}

/** Ways out that the permission model leaves open and hardening must close; a function that is gone throws a TypeError. */
function hardening({ os }: Modules): readonly Attempt[] {
  const inner = process as unknown as InnerProcess;
  const load = (specifier: string): Promise<unknown> => import(specifier);
  return [
    ['signal the hub', GONE, () => process.kill(process.ppid, 0)],
    ['signal the hub by the inner function', GONE, () => inner._kill(process.ppid, 0)],
    ['open an inspector in the hub', GONE, () => inner._debugProcess(process.ppid)],
    ['slow the hub down', GONE, () => os.setPriority(process.ppid, os.getPriority(process.ppid))],
    ['load native code', GONE, () => inner.dlopen({ exports: {} }, '/nothing.node')],
    ['become another program', GONE, () => inner.execve('/bin/true')],
    ...['node:fs', 'node:sqlite', 'node:ffi', 'node:module', 'node:process', 'data:text/javascript,0'].map((name): Attempt => [`import ${name}`, DENIED, () => load(name)]),
  ];
}

async function attempt([name, deniedCodes, run]: Attempt): Promise<ProbeFinding> {
  try {
    await run();
    return { attempt: name, held: false, detail: 'it worked' };
  } catch (error) {
    const { code, name: type, message } = error as { code?: unknown; name?: unknown; message?: unknown };
    const detail = String(code ?? type);
    return { attempt: name, held: deniedCodes.includes(detail), detail: `${detail}: ${String(message)}`.slice(0, 200) };
  }
}

/** Tries every way out; run in a child of its own at boot, never beside a connector. */
export async function probeWall(modules: Modules, tell: (finding: ProbeFinding, left: number) => void): Promise<void> {
  const attempts = [...permission(modules), ...hardening(modules)];
  for (const [index, each] of attempts.entries()) tell(await attempt(each), attempts.length - index);
  const environment = Object.keys(process.env);
  tell({ attempt: 'read the environment', held: environment.length === 0, detail: `${environment.length} variables` }, 0);
}
