import { HubError } from '../../errors/index.js';
import type { EgressBroker } from '../egress/egress-broker.js';
import type { Plugin } from '../registry/plugin.js';
import { PLUGIN_METHODS, type ChildMessage, type LogLevel, type PluginMethod } from '../wire/messages.js';
import { Allowance } from '../wall/allowance.js';
import { CallsInFlight, type CallRequest } from './calls-in-flight.js';
import { captureOutput } from '../wall/captured-output.js';
import { ChildChannel } from '../wall/child-channel.js';
import { promisedMethods } from './promised-methods.js';
import { shortText } from '../results/connector-failure.js';
import type { WallLimits } from '../wall/limits.js';
import { residentBytes, watchMemory } from '../wall/resident-memory.js';
import { spawnChild, type Child } from '../wall/spawn-child.js';

/** What a process needs of the hub. */
export interface Surroundings {
  readonly bootstrap: string;
  readonly limits: WallLimits;
  readonly broker: EgressBroker;
  readonly log: (plugin: string, level: LogLevel, line: string) => void;
  /** Told of each end that was the plugin's own doing. */
  readonly onFault: (plugin: string) => void;
}

/** Why a process is no more. */
export interface Ending {
  readonly reason: string;
  /** The plugin's own doing, as opposed to an orderly stop by the hub. */
  readonly fault: boolean;
}

type Said = Readonly<Record<string, unknown>> & { readonly type: ChildMessage['type'] };

/** One child process of one plugin digest, from spawn to its end. It is never restarted: another one follows it. */
export class PluginProcess {
  readonly startedAt = Date.now();
  readonly exited: Promise<void>;
  private readonly ready: Promise<void>;
  private settleReady!: { resolve: () => void; reject: (error: HubError) => void };
  private readonly calls: CallsInFlight;
  private readonly child: Child;
  private readonly channel: ChildChannel;
  private readonly logLines: Allowance;
  private methods: readonly PluginMethod[] = [];
  private ending: Ending | undefined;

  constructor(
    private readonly plugin: Plugin,
    private readonly surroundings: Surroundings,
    private readonly onEnd: (ending: Ending, process: PluginProcess) => void,
  ) {
    const { limits, broker, bootstrap } = surroundings;
    this.logLines = new Allowance(limits.logLinesPerSecond);
    this.ready = new Promise((resolve, reject) => (this.settleReady = { resolve, reject }));
    this.ready.catch(() => undefined);
    this.child = spawnChild(bootstrap, plugin.entry, 'serve', limits);
    const fault = (reason: string): void => this.kill(reason, true);
    this.channel = new ChildChannel(this.child.channel, limits, (said, body) => this.receive(said, body), fault);
    this.calls = new CallsInFlight(plugin.manifest.id, this.channel, limits, broker, () => fault('it was stuck past the deadline of a call'));
    captureOutput(this.child.output, limits.outputBytesPerSecond, (line) => this.log('info', `printed: ${line}`));
    const startTimer = setTimeout(() => fault('it did not load in time'), limits.startMs);
    const stopWatching = watchMemory(this.pid, limits.memoryCheckMs, limits.mostResidentBytes, (bytes) => fault(`it holds ${Math.round(bytes / 1_048_576)} MB of memory`));
    void this.ready.catch(() => undefined).finally(() => clearTimeout(startTimer));
    this.exited = new Promise((resolve) => {
      this.child.process.once('exit', (code, signal) => {
        stopWatching();
        this.end({ reason: signal ? `it was ended by ${signal}` : `it exited with code ${code}`, fault: true });
        resolve();
      });
    });
  }

  get pid(): number {
    return this.child.pid;
  }

  get alive(): boolean {
    return this.ending === undefined;
  }

  get callsInFlight(): number {
    return this.calls.count;
  }

  get callsSucceeded(): number {
    return this.calls.succeeded;
  }

  /** So many of its calls were cut off that what still runs inside is anybody's guess. */
  get worn(): boolean {
    return this.calls.cutOff >= this.surroundings.limits.mostCutOff;
  }

  residentBytes(): Promise<number | undefined> {
    return residentBytes(this.pid);
  }

  /** @throws HubError PLUGIN_UNAVAILABLE when it does not start; PLUGIN_TIMEOUT, PLUGIN_FAILED, CONNECTION_REFUSED */
  async call(request: CallRequest): Promise<unknown> {
    await this.ready;
    const plugin = this.plugin.manifest.id;
    if (this.ending) throw new HubError('PLUGIN_FAILED', { detail: `The plugin '${plugin}' failed: ${this.ending.reason}.` });
    if (this.methods.includes(request.method)) return this.calls.open(request);
    throw new HubError('PLUGIN_FAILED', { detail: `The plugin '${plugin}' does not implement ${request.method}.`, facts: { kind: 'unsupported', plugin } });
  }

  /** Ends it at once. Calls in flight fail with the reason; nobody else notices. */
  kill(reason: string, fault: boolean): void {
    if (this.ending) return;
    this.child.process.kill('SIGKILL');
    this.end({ reason, fault });
  }

  private end(ending: Ending): void {
    if (this.ending) return;
    this.ending = ending;
    this.channel.close();
    if (ending.fault) this.surroundings.log(this.plugin.manifest.id, 'error', `process ${this.pid} is over: ${ending.reason}`);
    // First the count of faults, then the callers: one that tries again at once must meet the back-off.
    this.onEnd(ending, this);
    this.settleReady.reject(new HubError('PLUGIN_UNAVAILABLE', { detail: `The plugin '${this.plugin.manifest.id}' does not start: ${ending.reason}.` }));
    this.calls.failAll(ending.reason);
  }

  private receive(said: Said, body: Buffer): void {
    if (said.type === 'result') this.calls.succeed(said);
    else if (said.type === 'error') this.calls.fail(said);
    else if (said.type === 'log') this.repeat(said);
    else if (said.type === 'hello') this.welcome(said.methods);
    else if (said.type === 'refused') this.kill(shortText(said.reason, 500), true);
    else if (said.type === 'http') this.calls.request(said, body).catch((error: unknown) => this.kill(`a request of its failed inside the hub: ${(error as Error).message}`, true));
    // A 'probe' out of turn says nothing.
  }

  private welcome(methods: unknown): void {
    this.methods = Array.isArray(methods) ? PLUGIN_METHODS.filter((method) => methods.includes(method)) : [];
    const missing = promisedMethods(this.plugin.manifest.capabilities).filter((method) => !this.methods.includes(method));
    if (missing.length > 0) this.kill(`its manifest promises ${missing.join(' and ')}, which its code does not have`, true);
    else this.settleReady.resolve();
  }

  private repeat(said: Said): void {
    const levels: readonly unknown[] = ['debug', 'info', 'warn', 'error'] satisfies LogLevel[];
    const connection = this.calls.connectionOf(said.callId);
    const facts = said.facts === undefined ? '' : ` ${factsText(said.facts)}`;
    this.log(levels.includes(said.level) ? (said.level as LogLevel) : 'info', `${connection ? `[${connection}] ` : ''}${shortText(said.message, 2_000)}${facts}`);
  }

  private log(level: LogLevel, line: string): void {
    if (this.logLines.take(1)) this.surroundings.log(this.plugin.manifest.id, level, line);
  }
}

function factsText(facts: unknown): string {
  try {
    return JSON.stringify(facts).slice(0, 1_000);
  } catch {
    return '';
  }
}
