import type { ProbeFinding } from '../wire/messages.js';
import { ChildChannel } from './child-channel.js';
import type { WallLimits } from './limits.js';
import { spawnChild } from './spawn-child.js';

/**
 * How far a plugin is shut in on this machine, found by trying to get out. `permission`: Node's permission model and the
 * hardening of the child hold. `none`: something got out, and no plugin is run.
 */
export type WallLevel = 'permission' | 'none';

export interface WallReport {
  readonly level: WallLevel;
  /** Every attempt that was not stopped in the expected way. */
  readonly openings: readonly string[];
  /** What weakens the hub without opening the wall. */
  readonly warnings: readonly string[];
}

const PROBE_MS = 15_000;

/** Starts a child exactly as a plugin's, and has it try every way out. Never throws: a probe that fails is level `none`. */
export async function probeWall(bootstrap: string, limits: WallLimits): Promise<WallReport> {
  const findings = await findingsOf(bootstrap, limits).catch((error: unknown) => [{ attempt: 'run the probe', held: false, detail: (error as Error).message }]);
  const openings = findings.filter((finding) => !finding.held).map(({ attempt, detail }) => `${attempt}: ${detail}`);
  return { level: openings.length === 0 ? 'permission' : 'none', openings, warnings: hubWarnings() };
}

function hubWarnings(): string[] {
  const disabled = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')].includes('--disable-sigusr1');
  return disabled ? [] : ['The hub runs without --disable-sigusr1: SIGUSR1 would open an inspector in it.'];
}

function findingsOf(bootstrap: string, limits: WallLimits): Promise<readonly ProbeFinding[]> {
  return new Promise((resolve, reject) => {
    const child = spawnChild(bootstrap, bootstrap, 'probe', limits);
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      channel.close();
      child.process.kill('SIGKILL');
      settle();
    };
    const timer = setTimeout(() => finish(() => reject(new Error('the probe did not answer'))), PROBE_MS);
    const channel = new ChildChannel(child.channel, limits, (said) => {
      if (said.type === 'probe' && Array.isArray(said.findings) && said.findings.length > 0) finish(() => resolve(said.findings as ProbeFinding[]));
      else finish(() => reject(new Error(`the probe answered '${String(said.reason ?? said.type)}'`)));
    }, (reason) => finish(() => reject(new Error(reason))));
    let printed = '';
    for (const stream of child.output) stream.on('data', (piece: Buffer) => (printed = (printed + piece.toString()).slice(0, 500)));
    child.process.once('exit', (code) => finish(() => reject(new Error(`the probe exited with code ${code}: ${printed}`))));
  });
}
