import type { WallLimits } from './limits.js';
import { probeWall } from './wall-probe.js';

/**
 * How far a plugin is shut in on this machine, found by trying to get out. `permission`: Node's permission model and the
 * hardening of the child hold. `none`: something got out. `unknown`: the attempt has not come to an end so far. Only where
 * it holds is a plugin run.
 */
export type WallLevel = 'permission' | 'none' | 'unknown';

export interface WallReport {
  readonly level: WallLevel;
  /** Every attempt that was not stopped in the expected way. */
  readonly openings: readonly string[];
  /** What weakens the hub without opening the wall, and why the level is unknown. */
  readonly warnings: readonly string[];
}

/** What may be heard of it. */
export interface WallNews {
  error(message: string): void;
  warn(message: string): void;
}

const LONGEST_SILENCE_MS = 300_000;

/**
 * Knows whether the wall holds. It is tried at boot; what was found then is final. A probe that does not come to its end (the
 * machine is too busy to run it, or refuses a process) has found nothing: it is made again, with twice the patience.
 */
export class Wall {
  private current: Promise<WallReport> | undefined;
  private again: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly bootstrap: string,
    private readonly limits: WallLimits,
    private readonly news: WallNews,
  ) {}

  /** Waits for the first probe, and for none after it. */
  report(): Promise<WallReport> {
    this.current ??= this.begin();
    return this.current;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.again);
  }

  private begin(): Promise<WallReport> {
    const warnings = hubWarnings();
    for (const warning of warnings) this.news.warn(warning);
    return this.attempt(0, warnings);
  }

  private async attempt(failed: number, warnings: readonly string[]): Promise<WallReport> {
    try {
      const findings = await probeWall(this.bootstrap, this.limits, Math.min(LONGEST_SILENCE_MS, this.limits.probeMs * 2 ** failed));
      const openings = findings.filter(({ held }) => !held).map(({ attempt, detail }) => `${attempt}: ${detail}`);
      if (openings.length > 0) this.news.error(`No plugin is run: the wall does not hold here. ${openings.join('; ')}`);
      else if (failed > 0) this.news.warn('The wall holds: plugins are run from now on.');
      return { level: openings.length === 0 ? 'permission' : 'none', openings, warnings };
    } catch (error) {
      const reason = (error as Error).message;
      this.news.warn(`No plugin is run before it is known whether the wall holds here, which is tried again: ${reason}`);
      this.tryAgain(failed + 1, warnings);
      return { level: 'unknown', openings: [], warnings: [...warnings, reason] };
    }
  }

  /** Meanwhile the last report stands: nobody waits for a probe that may be as slow as the one before. */
  private tryAgain(failed: number, warnings: readonly string[]): void {
    if (this.closed) return;
    const pauseMs = (this.limits.probeMs / 30) * Math.min(30, 2 ** (failed - 1));
    this.again = setTimeout(() => void this.attempt(failed, warnings).then((report) => (this.current = Promise.resolve(report))), pauseMs).unref();
  }
}

function hubWarnings(): string[] {
  const disabled = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')].includes('--disable-sigusr1');
  return disabled ? [] : ['The hub runs without --disable-sigusr1: SIGUSR1 would open an inspector in it.'];
}
