import type { ProbeFinding } from '../wire/messages.js';
import { ChildChannel } from './child-channel.js';
import type { WallLimits } from './limits.js';
import { spawnChild } from './spawn-child.js';

/**
 * Starts a child exactly as a plugin's, and has it try every way out. Each attempt is told as it ends, so what is limited is
 * silence and not the whole: on a machine where everything takes long, the probe does too.
 * @throws Error when it does not come to its end. That says nothing about the wall.
 */
export function probeWall(bootstrap: string, limits: WallLimits, silenceMs: number): Promise<readonly ProbeFinding[]> {
  return new Promise((resolve, reject) => {
    const child = spawnChild(bootstrap, bootstrap, 'probe', limits);
    const findings: ProbeFinding[] = [];
    let timer: NodeJS.Timeout;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      channel.close();
      child.process.kill('SIGKILL');
      settle();
    };
    const fail = (reason: string): void => finish(() => reject(new Error(reason)));
    const listen = (): void => {
      clearTimeout(timer);
      const heard = findings.length;
      const last = findings.at(-1)?.attempt;
      // Where the hub itself stood still, the child's words wait in the pipe: they are read before this is a silence.
      timer = setTimeout(() => setImmediate(() => heard === findings.length && fail(`the probe was silent for ${silenceMs / 1_000} s ${last === undefined ? 'from its start' : `after '${last}'`}`)), silenceMs);
    };
    const channel = new ChildChannel(child.channel, limits, (said) => {
      if (said.type !== 'probe') return fail(`the probe answered '${String(said.reason ?? said.type)}'`);
      findings.push(said.finding as ProbeFinding);
      if (said.left === 0) finish(() => resolve(findings));
      else listen();
    }, fail);
    let printed = '';
    for (const stream of child.output) stream.on('data', (piece: Buffer) => (printed = (printed + piece.toString()).slice(0, 500)));
    // What it said before its exit is still on the way.
    child.process.once('close', (code) => fail(`the probe exited with code ${code}: ${printed}`));
    listen();
  });
}
