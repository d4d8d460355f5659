import { HubError } from '../../errors/index.js';
import type { Plugin } from '../registry/plugin.js';
import { digestOnDisk } from '../registry/read-plugin.js';
import type { CallRequest } from './calls-in-flight.js';
import { PluginProcess, type Ending, type Surroundings } from './plugin-process.js';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 30_000;
/** A process that lived so long and answered calls was well; its end starts the count of faults anew. */
const WELL_AFTER_MS = 10_000;

/** What the admin API shows of a plugin's process. */
export interface SlotReport {
  readonly state: 'stopped' | 'running' | 'backing_off';
  readonly pid?: number;
  readonly residentBytes?: number;
  readonly starts: number;
  readonly faults: number;
  readonly lastFault?: { readonly at: string; readonly reason: string };
}

/** Keeps at most one process of a plugin: starts it on demand, waits longer after each fault, stops it when nobody calls. */
export class PluginSlot {
  private process: PluginProcess | undefined;
  private starts = 0;
  private faults = 0;
  private faultsInARow = 0;
  private notBefore = 0;
  private lastFault: SlotReport['lastFault'];
  private idleTimer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    readonly plugin: Plugin,
    private readonly surroundings: Surroundings,
    private readonly random: () => number = Math.random,
  ) {}

  /** @throws HubError PLUGIN_UNAVAILABLE, PLUGIN_TIMEOUT, PLUGIN_FAILED, CONNECTION_REFUSED */
  async call(request: CallRequest): Promise<unknown> {
    const running = this.running();
    clearTimeout(this.idleTimer);
    try {
      return await running.call(request);
    } finally {
      this.rest(running);
    }
  }

  async report(): Promise<SlotReport> {
    const { process, starts, faults, lastFault } = this;
    if (process?.alive) return { state: 'running', pid: process.pid, residentBytes: await process.residentBytes(), starts, faults, lastFault };
    return { state: Date.now() < this.notBefore ? 'backing_off' : 'stopped', starts, faults, lastFault };
  }

  /** Ends the process; later calls are refused. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.idleTimer);
    const { process } = this;
    process?.kill('the hub is stopping', false);
    await process?.exited;
  }

  private running(): PluginProcess {
    if (this.closed) throw new HubError('SHUTTING_DOWN');
    if (this.process?.alive) return this.process;
    const waitMs = this.notBefore - Date.now();
    if (waitMs > 0) {
      throw new HubError('PLUGIN_UNAVAILABLE', {
        detail: `The plugin '${this.plugin.manifest.id}' failed ${this.faultsInARow} times in a row, at last because ${this.lastFault?.reason}; it is started again in ${Math.ceil(waitMs / 1_000)} s.`,
        retryAfterSeconds: Math.ceil(waitMs / 1_000),
      });
    }
    if (digestOnDisk(this.plugin) !== this.plugin.digest) {
      throw new HubError('PLUGIN_UNAVAILABLE', { detail: `The files of the plugin '${this.plugin.manifest.id}' were changed since the hub read its manifest; restart the hub to use them.` });
    }
    this.starts += 1;
    this.process = new PluginProcess(this.plugin, this.surroundings, (ending, ended) => this.count(ending, ended));
    return this.process;
  }

  private count({ reason, fault }: Ending, process: PluginProcess): void {
    if (!fault) return;
    const wasWell = process.callsSucceeded > 0 && Date.now() - process.startedAt >= WELL_AFTER_MS;
    this.faults += 1;
    this.surroundings.onFault(this.plugin.manifest.id);
    this.faultsInARow = wasWell ? 1 : this.faultsInARow + 1;
    this.lastFault = { at: new Date().toISOString(), reason };
    // The first fault costs nothing: most are one poisoned message. From the second on the wait doubles, with jitter.
    const waitMs = this.faultsInARow < 2 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.faultsInARow - 2));
    this.notBefore = Date.now() + waitMs * (0.5 + this.random() / 2);
  }

  private rest(process: PluginProcess): void {
    if (process !== this.process || !process.alive || process.callsInFlight > 0) return;
    if (process.worn) return process.kill('too many of its calls were cut off', false);
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => {
      if (process.callsInFlight === 0) process.kill('nobody called it for a while', false);
    }, this.surroundings.limits.idleMs);
    this.idleTimer.unref();
  }
}
