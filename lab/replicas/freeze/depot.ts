import { createHmac } from 'node:crypto';
import type { CanonicalEvent, MovementPosting } from '@crossdock/connector-sdk';
import { LoopbackServer, type ServerAnswer, type ServerCall } from '../../simulators/kit/loopback-server.js';

export type DepotPath = '/books/find' | '/books/create' | '/figures/read' | '/figures/write' | '/receipts' | '/notices';

export interface DepotFigure {
  readonly article: string;
  readonly available: number;
  readonly version: number;
}

/**
 * An outside system that does what it is told, as often as it is told, and writes down everything. The answer to the next
 * question on a path can be held back: whoever asked is then in the middle of his work, with an answer that grows old.
 */
export class Depot {
  /** Every posting that was written into its books, in order: a key that stands here twice was written twice. */
  readonly written: MovementPosting[] = [];
  /** Every figure that it was given, in order. */
  readonly figures: DepotFigure[] = [];
  private readonly receipts: CanonicalEvent[] = [];
  private readonly notices: CanonicalEvent[] = [];
  private readonly gates = new Map<string, { readonly asked: () => void; readonly opened: Promise<void> }>();
  private readonly server = new LoopbackServer((call) => this.answer(call));

  constructor(
    readonly name: string,
    readonly secret: string,
  ) {}

  async start(): Promise<string> {
    return this.server.start();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  get url(): string {
    return this.server.url;
  }

  /** The next question on this path is carried out and its answer held back: `asked` resolves when it has come, `open` lets the answer go. */
  hold(path: DepotPath): { readonly asked: Promise<void>; readonly open: () => void } {
    const asked = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    this.gates.set(path, { asked: asked.resolve, opened: opened.promise });
    return { asked: asked.promise, open: opened.resolve };
  }

  /** The feed has one more record to tell. */
  receive(event: CanonicalEvent): void {
    this.receipts.push(event);
  }

  /** Something was shipped. @returns the notice to be sent to the hub, with its headers. */
  ship(event: CanonicalEvent): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
    this.notices.push(event);
    const body = JSON.stringify({ notice: this.notices.length });
    const signature = createHmac('sha256', this.secret).update(body).digest('hex');
    return { body, headers: { 'content-type': 'application/json', 'x-depot-notice': `n${this.notices.length}`, 'x-depot-signature': signature } };
  }

  /** What it was told last of each article. */
  get believed(): ReadonlyMap<string, DepotFigure> {
    return new Map(this.figures.map((figure) => [figure.article, figure]));
  }

  private async answer({ path, body }: ServerCall): Promise<ServerAnswer> {
    const answer = { status: 200, body: this.carryOut(path, JSON.parse(body) as never) };
    const gate = this.gates.get(path);
    this.gates.delete(path);
    gate?.asked();
    await gate?.opened;
    return answer;
  }

  private carryOut(path: string, asked: never): unknown {
    switch (path as DepotPath) {
      case '/books/find': {
        const keys = new Set(this.written.map(({ key }) => key));
        return { known: (asked as readonly string[]).filter((key) => keys.has(key)) };
      }
      case '/books/create':
        this.written.push(...(asked as readonly MovementPosting[]));
        return {};
      case '/figures/read':
        return { now: Object.fromEntries((asked as readonly string[]).flatMap((article) => { const figure = this.believed.get(article); return figure ? [[article, figure.available]] : []; })) };
      case '/figures/write':
        this.figures.push(...(asked as readonly DepotFigure[]));
        return {};
      case '/receipts': {
        const { cursor, limit } = asked as { cursor: string | null; limit: number };
        const from = Number(cursor ?? 0);
        const page = this.receipts.slice(from, from + limit);
        const records = page.map((event, index) => ({ id: `r${from + index + 1}`, topic: 'received', body: JSON.stringify({ event }) }));
        return { records, nextCursor: String(from + page.length), hasMore: from + page.length < this.receipts.length };
      }
      case '/notices':
        return { events: Object.fromEntries((asked as readonly number[]).map((number) => [number, this.notices[number - 1]])) };
    }
  }
}
