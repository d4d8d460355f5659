import type { HubApi } from '../hub-api.js';
import type { DeliveryCounts, FactKind, JournalFact, OrderLine, StockKeeper } from '../outside-system.js';
import type { OpeningStock } from './trading-script.js';

interface MovementResult {
  readonly status: 'applied' | 'duplicate' | 'stale' | 'rejected';
  readonly code?: string;
  readonly detail?: string;
}

const MOST_A_CALL = 2_000;
/** Every so many calls are made twice, as a client does whose answer got lost. */
const REPEAT_EVERY = 10;

/**
 * The warehouse's own system: it posts opening stock, receipts and adjustments by the business API, with an API key and no
 * connector between.
 */
export class BackOffice implements StockKeeper {
  readonly name = 'back-office';
  private readonly facts: JournalFact[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private failure: unknown;
  private calls = 0;
  private repeats = 0;

  constructor(private readonly hub: HubApi) {}

  get journal(): readonly JournalFact[] {
    return this.facts;
  }

  get counts(): DeliveryCounts {
    return { deliveries: this.calls, duplicates: this.repeats, late: 0, shuffled: 0, retries: 0 };
  }

  get backlog(): number {
    return this.underWay.size;
  }

  async start(): Promise<void> {
    // It has no server: it is a client of the hub.
  }

  connection(): undefined {
    return undefined;
  }

  crossReferences(): readonly [] {
    return [];
  }

  connect(): void {
    // It was given its key when it was made.
  }

  /** @throws Error when the hub refused for good what it should have taken. */
  async settle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
    if (this.failure) throw this.failure;
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  /** Resolves when the hub has everything that the shelves hold in the morning. */
  async open(stock: readonly OpeningStock[]): Promise<void> {
    for (let from = 0; from < stock.length; from += MOST_A_CALL) {
      const part = stock.slice(from, from + MOST_A_CALL);
      await this.move(part.map(({ location, item, quantity }, index) => this.enter('opening', 'opening-stock', String(from + index + 1), location, item, quantity)));
    }
  }

  async receive({ id, location, lines }: { id: string; location: string; lines: readonly OrderLine[] }): Promise<void> {
    for (let from = 0; from < lines.length; from += MOST_A_CALL) {
      await this.move(lines.slice(from, from + MOST_A_CALL).map(({ line, item, quantity }) => this.enter('receipt', `receipt/${id}`, line, location, item, quantity)));
    }
  }

  adjust({ id, location, item, quantity }: { id: string; location: string; item: string; quantity: number }): Promise<void> {
    return this.move([this.enter('adjustment', `adjustment/${id}`, '', location, item, quantity)]);
  }

  count({ id, location, item, counted }: { id: string; location: string; item: string; counted: number }): Promise<void> {
    const fact = this.enter('count', `count/${id}`, '', location, item, counted);
    const observation = { eventId: fact.eventId, item, location, quantity: counted, asOf: new Date(fact.occurredAt).toISOString() };
    return this.post('/api/v1/stock-observations', { observations: [observation] });
  }

  private enter(kind: FactKind, eventId: string, line: string, location: string, item: string, quantity: number): JournalFact {
    const now = Date.now();
    const fact: JournalFact = { eventId, line, kind, item, location, quantity, occurredAt: now, postedAt: now };
    this.facts.push(fact);
    return fact;
  }

  private move(facts: readonly JournalFact[]): Promise<void> {
    const movements = facts.map(({ eventId, line, kind, item, quantity, location, occurredAt }) => ({ eventId, line, kind, item, quantity, location, occurredAt: new Date(occurredAt).toISOString() }));
    return this.post('/api/v1/stock-movements', { movements });
  }

  private async post(path: string, body: unknown): Promise<void> {
    const told = this.tell(path, body);
    const watched = told
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.underWay.delete(watched));
    this.underWay.add(watched);
    await watched;
  }

  private async tell(path: string, body: unknown): Promise<void> {
    this.calls += 1;
    const times = this.calls % REPEAT_EVERY === 0 ? 2 : 1;
    this.repeats += times - 1;
    for (let time = 0; time < times; time += 1) {
      const { results } = await this.hub.post<{ results: MovementResult[] }>(path, body);
      const refused = results.find((result) => result.status === 'rejected');
      if (refused) throw new Error(`the hub refused a fact of the back office: ${refused.code ?? ''} ${refused.detail ?? ''}`);
    }
  }
}
