import type { DeliveryCounts } from '../../outside-system.js';
import type { DeliveryBehaviour } from './delivery-behaviour.js';
import { HttpClient, retryAfterMs, type HttpCall } from './http-client.js';
import { Random } from './random.js';

/** Where webhooks go, and the secret that the hub was given for them. */
export interface HubLink {
  /** The hub's origin, for example `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly connectionId: string;
  readonly webhookSecret: string;
}

/** One message, rendered when it is sent: a waiting one is as small as the fact that it tells of. */
export interface OutboundMessage {
  /** The same for every attempt. */
  readonly deliveryId: string;
  readonly topic: string;
  /** Must give the same text each time. */
  readonly body: () => string;
  /** Headers that stay the same for every attempt. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Told before each attempt that reaches the network. */
  readonly posted?: () => void;
}

/** Signs one attempt; called anew for each, because some schemes sign the time of sending. */
export type WebhookSigner = (message: OutboundMessage, body: string, link: HubLink) => HttpCall;

/** What became of the messages; `DeliveryCounts` is what the report shows of it. */
export interface DeliveryTally extends DeliveryCounts {
  /** Messages that the hub has accepted, copies included. */
  readonly accepted: number;
  /** Told a second time under another delivery id. */
  readonly reissued: number;
  /** Never arrived at the first attempt. */
  readonly lost: number;
  /** Attempts that the hub refused with a 4xx other than 429. A correct set-up has none. */
  readonly refused: number;
  readonly lastRefusal: string | undefined;
}

export interface DeliveryOptions {
  readonly seed: number;
  readonly behaviour: DeliveryBehaviour;
  readonly sign: WebhookSigner;
}

/** A copy follows its original within so many milliseconds. */
const COPY_WITHIN_MS = 300;

/** A message that was refused so often will not be accepted any more. */
const MOST_REFUSALS = 12;

/**
 * At-least-once delivery as outside systems do it: each message is sent until the hub answers 2xx, whatever happens to
 * the hub in between. While the hub is away, one probe at a time is sent; the others wait in order.
 */
export class Deliveries {
  private readonly ready: OutboundMessage[] = [];
  private head = 0;
  private readonly again: OutboundMessage[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly refusals = new Map<OutboundMessage, number>();
  private waiters: { look: () => void; fail: (error: Error) => void }[] = [];
  private failure: Error | undefined;
  private link: HubLink | undefined;
  private client: HttpClient | undefined;
  private numbered = 0;
  private underWay = 0;
  private failures = 0;
  private trouble = 0;
  private resting = false;
  private unaccepted = 0;
  private readonly tally = { deliveries: 0, duplicates: 0, late: 0, shuffled: 0, retries: 0, accepted: 0, reissued: 0, lost: 0, refused: 0, lastRefusal: undefined as string | undefined };

  constructor(private readonly options: DeliveryOptions) {}

  get connected(): boolean {
    return this.link !== undefined;
  }

  /** Messages handed over, copies included, that the hub has not accepted yet. */
  get waiting(): number {
    return this.unaccepted;
  }

  counts(): DeliveryTally {
    return { ...this.tally };
  }

  connect(link: HubLink): void {
    this.client?.close();
    this.link = link;
    this.client = new HttpClient(link.url, this.options.behaviour.concurrency);
    this.pump();
  }

  /** Takes a message on. It returns at once; nothing is sent while there is no link. */
  send(message: OutboundMessage): void {
    const { behaviour } = this.options;
    const fate = Random.of(this.options.seed, (this.numbered += 1));
    const late = this.happens('late', fate.chance(behaviour.lateShare));
    const shuffled = !late && this.happens('shuffled', fate.chance(behaviour.shuffleShare));
    const lost = this.happens('lost', fate.chance(behaviour.lostShare));
    const delayMs = (late ? fate.between(1, Math.max(1, behaviour.lateMs)) : 0) + (shuffled ? fate.between(1, behaviour.shuffleMs) : 0) + (lost ? behaviour.redeliverMs : 0);
    this.take(message, delayMs);
    if (this.happens('duplicates', fate.chance(behaviour.duplicateShare))) this.take(message, delayMs + fate.between(0, COPY_WITHIN_MS));
    if (this.happens('reissued', fate.chance(behaviour.reissueShare))) this.take({ ...message, deliveryId: fate.uuid() }, delayMs + fate.between(0, COPY_WITHIN_MS));
  }

  /**
   * Resolves when every message handed over so far and meanwhile has been accepted by the hub. Rejects when the hub
   * has gone on refusing one with a 4xx: waiting would not help, something is set up wrong.
   */
  settled(): Promise<void> {
    return this.below(1);
  }

  /** Resolves when fewer than so many messages wait: a driver bounds its memory with it while the hub is away. Rejects as `settled`. */
  below(limit: number): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    if (this.unaccepted < limit) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.unaccepted < limit) resolve();
        else this.waiters.push(waiter);
      };
      const waiter = { look, fail: reject };
      this.waiters.push(waiter);
    });
  }

  /** Gives up on what is still waiting. */
  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.client?.close();
    this.link = undefined;
    this.client = undefined;
  }

  private happens(what: 'late' | 'shuffled' | 'lost' | 'duplicates' | 'reissued', does: boolean): boolean {
    if (does) this.tally[what] += 1;
    return does;
  }

  private take(message: OutboundMessage, delayMs: number): void {
    this.unaccepted += 1;
    this.tally.deliveries += 1;
    if (delayMs > 0) this.after(delayMs, () => this.offer(message));
    else this.offer(message);
  }

  private offer(message: OutboundMessage): void {
    this.ready.push(message);
    this.pump();
  }

  private after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }

  private pump(): void {
    while (this.link && !this.resting && this.underWay < (this.failures > 0 ? 1 : this.options.behaviour.concurrency)) {
      const message = this.next();
      if (!message) return;
      this.underWay += 1;
      void this.attempt(message, this.link);
    }
  }

  private next(): OutboundMessage | undefined {
    const returned = this.again.pop();
    if (returned) return returned;
    if (this.head === this.ready.length) return undefined;
    const message = this.ready[this.head] as OutboundMessage;
    this.head += 1;
    if (this.head > 1024 && this.head * 2 > this.ready.length) {
      this.ready.splice(0, this.head);
      this.head = 0;
    }
    return message;
  }

  private async attempt(message: OutboundMessage, link: HubLink): Promise<void> {
    const seenTrouble = this.trouble;
    let restMs: number | undefined;
    try {
      const call = this.options.sign(message, message.body(), link);
      message.posted?.();
      const answer = await (this.client as HttpClient).call(call, this.options.behaviour.timeoutMs);
      if (answer.status >= 200 && answer.status < 300) this.accepted(message);
      else if (answer.status >= 500 || answer.status === 429) restMs = retryAfterMs(answer) ?? 0;
      else this.refused(message, `${answer.status} ${answer.body.slice(0, 300)}`);
    } catch {
      restMs = 0;
    }
    this.underWay -= 1;
    if (restMs !== undefined) this.rest(message, restMs, seenTrouble);
    this.pump();
  }

  private accepted(message: OutboundMessage): void {
    this.refusals.delete(message);
    this.failures = 0;
    this.tally.accepted += 1;
    this.unaccepted -= 1;
    if (this.waiters.length > 0) for (const waiter of this.waiters.splice(0)) waiter.look();
  }

  private refused(message: OutboundMessage, why: string): void {
    this.tally.refused += 1;
    this.tally.retries += 1;
    this.tally.lastRefusal = why;
    const times = (this.refusals.get(message) ?? 0) + 1;
    this.refusals.set(message, times);
    if (times >= MOST_REFUSALS) this.fail(new Error(`the hub refuses ${message.topic} for good: ${why}`));
    this.after(this.options.behaviour.backoffMaxMs, () => this.offer(message));
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const waiter of this.waiters.splice(0)) waiter.fail(error);
  }

  /** Requests that fail together count as one failure, or a short break would look like a long one. */
  private rest(message: OutboundMessage, atLeastMs: number, seenTrouble: number): void {
    this.tally.retries += 1;
    this.again.push(message);
    if (seenTrouble !== this.trouble || !this.link) return;
    this.trouble += 1;
    this.failures += 1;
    this.resting = true;
    const { backoffFirstMs, backoffMaxMs } = this.options.behaviour;
    this.after(Math.max(atLeastMs, Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(16, this.failures - 1))), () => {
      this.resting = false;
      this.pump();
    });
  }
}
