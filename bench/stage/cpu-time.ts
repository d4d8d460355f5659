import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks a second, as Linux has them everywhere. */
const TICKS = 100;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly seconds: number;
}

function processes(): Process[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      // Own time and that of children that have ended, so that nothing is lost when one does.
      const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
      return [{ pid: Number(name), parent: Number(fields[1]), seconds: ticks / TICKS }];
    } catch {
      return [];
    }
  });
}

/** Processor seconds of a process alone, and of everything below it; NaN where there is no /proc. On a busy machine they say more than rates. */
export function cpuSeconds(pid: number): { own: number; below: number } {
  try {
    const all = processes();
    const family = new Set([pid]);
    for (let size = 0; size !== family.size;) {
      size = family.size;
      for (const one of all) if (family.has(one.parent)) family.add(one.pid);
    }
    const sum = (members: readonly Process[]): number => members.reduce((total, { seconds }) => total + seconds, 0);
    return { own: sum(all.filter((one) => one.pid === pid)), below: sum(all.filter((one) => one.pid !== pid && family.has(one.pid))) };
  } catch {
    return { own: NaN, below: NaN };
  }
}
