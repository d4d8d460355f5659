import type { CustomerOrder, DeliveryCounts, GoodsReturn, OrderAnswer, OrderLine, SellingSystem } from '../../outside-system.js';
import { ORDERLY } from '../kit/delivery-behaviour.js';
import type { BookedLine, BookedOrder, BusinessKey, GoodsBack, LineBack } from '../kit/documents.js';
import { Outlet, type Announcement, type OutletOptions } from '../kit/outlet.js';
import { HubClient, type HubAnswer } from './hub-client.js';

export interface ReservingAppOptions extends OutletOptions {
  /** The channel that it reserves from; default its name. */
  readonly channel?: string;
  /** How long the hub keeps what a customer was promised; default 900. */
  readonly ttlSeconds?: number;
  /** Goods leave so long after the customer bought them; default 0. Cancelled before, a promise is released. */
  readonly dispatchAfterMs?: number;
}

interface HeldLine {
  /** Position in the request, as the hub's ledger names it. */
  readonly line: number;
  readonly item: string;
  readonly quantity: number;
}

interface Hold {
  readonly order: string;
  readonly location: string;
  readonly lines: readonly HeldLine[];
  readonly id: string;
  state: 'promised' | 'leaving' | 'gone' | 'released';
  /** Ends the wait before dispatch. */
  hurry?: () => void;
  left: Promise<void>;
}

/** The API takes so many lines in one reservation. */
const LINES_A_HOLD = 500;
const CONNECTIONS = 16;

/**
 * The retailer's own app. It decides nothing by itself: it reserves through the hub before it sells, takes what the hub
 * grants, and consumes the reservation when the goods leave. Every call carries a key of its own, so that it is repeated
 * until the hub has answered, whatever happens in between. Without a hub it is a shop like any other and sells on its belief.
 */
export class ReservingApp extends Outlet {
  readonly decides: SellingSystem['decides'] = 'reserves';
  private readonly channel: string;
  private readonly ttlSeconds: number;
  private readonly dispatchAfterMs: number;
  private readonly holds = new Map<string, Hold[]>();
  private readonly underWay = new Set<Promise<void>>();
  private hub: HubClient | undefined;
  private failure: unknown;
  private calls = 0;

  constructor(options: ReservingAppOptions) {
    super(options, () => {
      throw new Error('the app posts no webhooks');
    });
    this.channel = options.channel ?? options.name;
    this.ttlSeconds = options.ttlSeconds ?? 900;
    this.dispatchAfterMs = options.dispatchAfterMs ?? 0;
  }

  async start(): Promise<void> {
    // It has no server: the app is a client of the hub.
  }

  connection(): undefined {
    return undefined;
  }

  crossReferences(): readonly [] {
    return [];
  }

  override connect(hub: { url: string; connectionId?: string; apiKey?: string }): void {
    if (hub.apiKey === undefined) throw new Error(`${this.name} needs an API key`);
    this.hub = new HubClient(hub.url, hub.apiKey, ORDERLY, CONNECTIONS);
  }

  override get counts(): DeliveryCounts {
    return { deliveries: this.calls, duplicates: 0, late: 0, shuffled: 0, retries: this.hub?.retries ?? 0 };
  }

  override get backlog(): number {
    return this.underWay.size;
  }

  /** @throws Error when the hub refused for good what it should have taken. */
  override async settle(): Promise<void> {
    for (const holds of this.holds.values()) for (const hold of holds) hold.hurry?.();
    while (this.underWay.size > 0) await Promise.all(this.underWay);
    if (this.failure) throw this.failure;
  }

  override async stop(): Promise<void> {
    this.hub?.stop();
    for (const holds of this.holds.values()) for (const hold of holds) hold.hurry?.();
    await super.stop();
  }

  override async order(wanted: CustomerOrder): Promise<OrderAnswer> {
    if (!this.hub) return super.order(wanted);
    const accepted: OrderLine[] = [];
    const refused: OrderLine[] = [];
    for (let at = 0; at < wanted.lines.length; at += LINES_A_HOLD) {
      const lines = wanted.lines.slice(at, at + LINES_A_HOLD);
      const hold = await this.reserve(wanted, lines, at === 0 ? wanted.order : `${wanted.order}/${at}`);
      const granted = new Map(hold?.lines.map((line) => [line.line, line.quantity]));
      lines.forEach((line, position) => {
        const quantity = granted.get(position) ?? 0;
        if (quantity > 0) accepted.push({ ...line, quantity });
        if (quantity < line.quantity) refused.push({ ...line, quantity: line.quantity - quantity });
      });
    }
    return { accepted, refused };
  }

  override async cancel(order: string): Promise<boolean> {
    if (!this.hub) return super.cancel(order);
    const holds = this.holds.get(order) ?? [];
    this.holds.delete(order);
    for (const hold of holds) await this.undo(hold);
    return holds.length > 0;
  }

  override async takeBack(goods: GoodsReturn): Promise<void> {
    if (!this.hub) return super.takeBack(goods);
    const lines = goods.lines.map(({ item, quantity }, index) => ({ line: index + 1, item, quantity }));
    await this.moveBack(`return/${goods.id}`, goods.order, goods.location, lines);
  }

  protected keyOfSale(order: BookedOrder, line: BookedLine): BusinessKey {
    return { eventId: `order/${order.name}`, line: String(line.position) };
  }

  protected keyOfCancel(back: GoodsBack, line: LineBack): BusinessKey {
    return { eventId: `order/${back.name}`, line: String(line.position) };
  }

  protected keyOfReturn(back: GoodsBack, line: LineBack): BusinessKey {
    return { eventId: `return/${back.name}`, line: String(line.position) };
  }

  protected tellOrder(): readonly Announcement[] {
    return [];
  }

  protected tellCancel(): readonly Announcement[] {
    return [];
  }

  protected tellReturn(): readonly Announcement[] {
    return [];
  }

  private async reserve(wanted: CustomerOrder, lines: readonly OrderLine[], key: string): Promise<Hold | undefined> {
    const answer = await this.call('/api/v1/reservations', {
      key,
      channel: this.channel,
      ttlSeconds: this.ttlSeconds,
      allowPartial: true,
      lines: lines.map(({ item, quantity }) => ({ item, quantity })),
    });
    if (answer.status === 409 && answer.body['code'] === 'INSUFFICIENT_STOCK') return undefined;
    if (answer.status !== 200 && answer.status !== 201) throw refusal('reserve', answer);
    const { id, lines: held } = answer.body as { id: string; lines: HeldLine[] };
    const hold: Hold = { order: wanted.order, location: wanted.location, lines: held, id, state: 'promised', left: Promise.resolve() };
    this.holds.set(wanted.order, [...(this.holds.get(wanted.order) ?? []), hold]);
    hold.left = this.dispatch(hold);
    this.track(hold.left);
    return hold;
  }

  private async dispatch(hold: Hold): Promise<void> {
    if (this.dispatchAfterMs > 0) await this.packed(hold);
    if (hold.state !== 'promised') return;
    hold.state = 'leaving';
    const postedAt = this.now();
    const answer = await this.call(`/api/v1/reservations/${hold.id}/consume`, { location: hold.location });
    if (answer.status !== 200) throw refusal('consume', answer);
    hold.state = 'gone';
    const occurredAt = this.now();
    for (const { line, item, quantity } of hold.lines) {
      this.enter({ eventId: `reservation/${hold.id}`, line: String(line), kind: 'sale', item, location: hold.location, quantity, occurredAt, postedAt, order: hold.order });
    }
  }

  private packed(hold: Hold): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.dispatchAfterMs);
      hold.hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async undo(hold: Hold): Promise<void> {
    if (hold.state === 'promised') {
      hold.state = 'released';
      hold.hurry?.();
      const answer = await this.call(`/api/v1/reservations/${hold.id}/release`, {});
      if (answer.status !== 200) throw refusal('release', answer);
      return;
    }
    await hold.left;
    if (hold.state === 'gone') await this.moveBack(`order/${hold.order}/cancelled/${hold.id}`, hold.order, hold.location, hold.lines);
  }

  /** Goods that left and came back are movements of their own; the reservation that they left by has ended. */
  private async moveBack(eventId: string, order: string | undefined, location: string, lines: readonly HeldLine[]): Promise<void> {
    const occurredAt = this.now();
    const facts = lines.map(({ line, item, quantity }) =>
      this.enter({ eventId, line: String(line), kind: 'return', item, location, quantity, occurredAt, postedAt: occurredAt, ...(order === undefined ? {} : { order }) }));
    const movements = facts.map((fact) => ({ eventId, line: fact.line, kind: 'return', item: fact.item, quantity: fact.quantity, location, occurredAt: new Date(occurredAt).toISOString() }));
    const told = this.call('/api/v1/stock-movements', { movements }).then((answer) => {
      const results = (answer.body['results'] ?? []) as { status: string }[];
      if (answer.status !== 200 || results.some((result) => result.status === 'rejected')) throw refusal('take back', answer);
    });
    this.track(told);
    await told;
  }

  private call(path: string, body: unknown): Promise<HubAnswer> {
    this.calls += 1;
    return (this.hub as HubClient).post(path, body);
  }

  private track(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.underWay.delete(watched));
    this.underWay.add(watched);
  }
}

function refusal(what: string, answer: HubAnswer): Error {
  return new Error(`the hub refused to ${what}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 400)}`);
}
