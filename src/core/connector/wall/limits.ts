import { CHILD_FRAME_LIMITS, type FrameLimits } from '../wire/frames.js';
import type { PluginMethod } from '../wire/messages.js';

/** What the wall allows one child process. Every duration in milliseconds. */
export interface WallLimits extends FrameLimits {
  /** For how long the first probe of the wall may say nothing. */
  readonly probeMs: number;
  /** From spawn to hello. */
  readonly startMs: number;
  readonly callMs: Readonly<Record<PluginMethod, number>>;
  /** From the abort at the deadline to SIGKILL. */
  readonly graceMs: number;
  /** Without a call for so long, a child is stopped; the next call starts one again. */
  readonly idleMs: number;
  /** How often resident memory is read. */
  readonly memoryCheckMs: number;
  readonly mostResidentBytes: number;
  readonly oldSpaceMegabytes: number;
  /** Messages a second, sustained; ten times as many in a burst. */
  readonly messagesPerSecond: number;
  /** Bytes of stdout and stderr together, a second, sustained; ten times as many in a burst. What is beyond stays in the pipe. */
  readonly outputBytesPerSecond: number;
  readonly logLinesPerSecond: number;
  readonly mostRequestsInFlight: number;
  /** Bytes of HTTP bodies that the hub holds for one child at once. */
  readonly mostHeldBytes: number;
  /** Calls cut off at their deadline after which a process is replaced: what they left running is unknown. */
  readonly mostCutOff: number;
}

export const WALL_LIMITS: WallLimits = {
  probeMs: 30_000,
  startMs: 30_000,
  callMs: {
    checkHealth: 15_000, parseDeliveries: 10_000, publishInventory: 30_000, pollFeed: 60_000, postMovements: 60_000, listItems: 60_000, listLocations: 60_000,
    subscribeWebhooks: 30_000,
  },
  graceMs: 500,
  idleMs: 60_000,
  memoryCheckMs: 100,
  mostResidentBytes: 128 * 1024 * 1024,
  oldSpaceMegabytes: 64,
  ...CHILD_FRAME_LIMITS,
  messagesPerSecond: 2_000,
  outputBytesPerSecond: 16 * 1024,
  logLinesPerSecond: 50,
  mostRequestsInFlight: 64,
  mostHeldBytes: 48 * 1024 * 1024,
  mostCutOff: 10,
};

/** Injected, so that tests can make deadlines short. */
export const LIMITS = Symbol('wall limits');
