import { Inject, Injectable, Logger } from '@nestjs/common';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { within } from './within.js';

/** Longer than a healthy queue ever takes, shorter than anybody should wait for a hint. */
const ANSWERS_WITHIN_MS = 2_000;
const HEARD_LATELY_MS = 10_000;

export interface QueueState {
  readonly backend: 'redis' | 'postgres';
  /** False from the first failed look until the first good one. */
  readonly answers: boolean;
  /** Why it does not, in words without addresses or secrets. */
  readonly reason?: string;
}

/**
 * Whether the queue does its work, as its last use has shown. It is no condition for serving: without it facts are
 * still acknowledged, and workers sweep by themselves; so its loss is told, once, and nothing is refused.
 */
@Injectable()
export class QueueHealth {
  private readonly logger = new Logger('Queue');
  private readonly backend: QueueState['backend'];
  private reason: string | undefined;
  private heardOf: { readonly word: string; readonly at: number } | undefined;
  private inTurn: Promise<unknown> = Promise.resolve();

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.backend = settings.redis ? 'redis' : 'postgres';
  }

  get state(): QueueState {
    const { backend, reason } = this;
    return reason === undefined ? { backend, answers: true } : { backend, answers: false, reason };
  }

  /**
   * Uses the queue with an end to the waiting. Uses take turns, and one that nobody waits for any more is not begun: the
   * one that hangs ends with the outage, and the uses behind it must not follow it all at once.
   * @returns what `use` gave, or undefined when the queue did not answer.
   */
  async try<T>(use: () => Promise<T>): Promise<T | undefined> {
    let givenUp = false;
    const turn = this.inTurn.then(() => (givenUp ? undefined : use()));
    this.inTurn = turn.catch(() => undefined);
    try {
      const value = await within(ANSWERS_WITHIN_MS, turn);
      this.up();
      return value;
    } catch (error) {
      givenUp = true;
      this.down(error as Error);
      return undefined;
    }
  }

  /** What a connection of the queue reported beside the uses of it: why there is no answer, often. */
  heard(error: Error): void {
    const word = wordOf(error);
    if (word !== undefined) this.heardOf = { word, at: performance.now() };
  }

  private up(): void {
    if (this.reason !== undefined) this.logger.warn('The queue is back.');
    this.reason = undefined;
  }

  private down(error: Error): void {
    const heard = this.heardOf && performance.now() - this.heardOf.at < HEARD_LATELY_MS ? this.heardOf.word : 'no answer';
    const reason = wordOf(error) ?? heard;
    if (reason !== this.reason) this.logger.warn(`The queue does not work (${reason}): workers sweep by themselves until it is back; nothing is lost.`);
    this.reason = reason;
  }
}

/** The code of an error, such as OOM, WRONGPASS or ECONNREFUSED: the rest of its words may name hosts and users. */
function wordOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && /^[A-Z][A-Z_]+$/.test(code)) return code;
  return /\b(OOM|NOAUTH|WRONGPASS|NOPERM|LOADING|READONLY|MISCONF|BUSY|NOREPLICAS|E[A-Z]{4,14})\b/.exec(error.message)?.[0];
}
