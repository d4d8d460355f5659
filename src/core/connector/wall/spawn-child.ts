import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { realpathSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import { HubError, invariant } from '../../errors/index.js';
import type { WallLimits } from './limits.js';

/** A child with its three pipes. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly channel: Duplex;
  readonly output: readonly Readable[];
}

/** A nice value: on a busy machine a child gets about a third of the hub's share. At 10 it got a tenth, and publication fell behind. */
const CHILD_PRIORITY = 5;

const SETPRIV_OPTIONS = ['--pdeathsig', 'KILL', '--no-new-privs', '--'];

/**
 * util-linux's setpriv, where it is installed and works: it has the kernel end the child when the hub dies, though the child
 * be stuck in a loop, and bars it from gaining privileges. BusyBox has one that knows less. Elsewhere a child ends when its
 * pipe closes. Tried once, on the smallest program there is.
 */
const setpriv = (() => {
  let found: { readonly path: string | undefined } | undefined;
  return (): string | undefined => {
    if (!found) {
      const candidates = process.platform === 'linux' ? ['/usr/bin/setpriv', '/bin/setpriv'] : [];
      found = { path: candidates.find((path) => spawnSync(path, [...SETPRIV_OPTIONS, '/bin/true'], { env: {}, stdio: 'ignore', timeout: 5_000 }).status === 0) };
    }
    return found.path;
  };
})();

/**
 * Small rather than fast: a connector reshapes JSON, which is Node's own code, and otherwise waits. Measured with publishing and
 * parsing (bench/wall.ts): 50 MB resident, of which 36 MB are pages of the program shared with the hub; with the optimising
 * compilers 63 MB and no faster, with a young generation of the usual size above 100 MB.
 */
const SMALL = ['--max-semi-space-size=1', '--optimize-for-size', '--max-opt=1', '--expose-gc'];

/** Whole parts of Node that no connector needs. One that this Node does not know by name is not there to be switched off. */
const WITHOUT = ['--no-experimental-sqlite', '--no-experimental-ffi', '--no-experimental-websocket', '--no-experimental-webstorage'].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));

function childArguments(bootstrap: string, entry: string, mode: 'serve' | 'probe', limits: WallLimits): string[] {
  return [
    '--permission', `--allow-fs-read=${bootstrap}`, `--allow-fs-read=${entry}`,
    `--max-old-space-size=${limits.oldSpaceMegabytes}`, ...SMALL,
    '--disable-sigusr1', '--no-warnings', ...WITHOUT,
    bootstrap, mode, entry,
  ];
}

/** @throws HubError PLUGIN_UNAVAILABLE when the system refuses another process. */
export function spawnChild(bootstrapPath: string, entry: string, mode: 'serve' | 'probe', limits: WallLimits): Child {
  // The permission model takes a star for any text: such a path would grant more than one file.
  invariant(!`${bootstrapPath}${entry}`.includes('*'), 'a plugin lies in a folder whose name holds a star');
  const command = [process.execPath, ...childArguments(realpathSync(bootstrapPath), entry, mode, limits)];
  const wrapper = setpriv();
  const [file = '', ...args] = wrapper ? [wrapper, ...SETPRIV_OPTIONS, ...command] : command;
  // A session of its own keeps the terminal's Ctrl-C from ending children before the hub has drained.
  const child = spawn(file, args, { env: {}, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'], windowsHide: true });
  child.on('error', () => undefined);
  if (child.pid === undefined) throw new HubError('PLUGIN_UNAVAILABLE', { detail: 'The system refuses to start another process.', retryAfterSeconds: 5 });
  lower(child.pid);
  return { process: child, pid: child.pid, channel: child.stdio[3] as Duplex, output: [child.stdio[1] as Readable, child.stdio[2] as Readable] };
}

function lower(pid: number): void {
  try {
    os.setPriority(pid, CHILD_PRIORITY);
    // When memory runs out the kernel shall take a connector and not the hub.
    if (process.platform === 'linux') writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // It has ended already, or the system knows no such thing; the limits hold all the same.
  }
}
