import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CanonicalEvent, ConnectorErrorKind } from '@crossdock/connector-sdk';

/** What the plugin `teleprinter` asks of its server. */
export interface Asked {
  readonly feed: string;
  readonly cursor: string | null;
  readonly limit: number;
  /** From the connection's configuration. */
  readonly word?: string;
}

export interface ScriptedRecord {
  readonly id: string;
  readonly topic?: string;
  readonly events?: readonly CanonicalEvent[];
  readonly fail?: string;
}

/** A refusal that the plugin throws. */
export interface Refusal {
  readonly kind: ConnectorErrorKind;
  readonly message: string;
  readonly retryAfterMs?: number;
}

type Script = (asked: Asked) => object | Promise<object>;

/**
 * An outside system with one line of records by feed. By default it serves them in order, its cursor being the number of
 * those that it has told; a test may answer in its place.
 */
export class ScriptedFeed {
  readonly asked: Asked[] = [];
  /** Takes the next answers from the default, one each; an answer with `kind` is a refusal. */
  readonly instead: Script[] = [];
  /** How many records each page repeats of the one before. */
  overlap = 0;
  private readonly lines = new Map<string, ScriptedRecord[]>();
  private readonly server = createServer((request, response) => void this.answer(request, response));

  static async start(): Promise<ScriptedFeed> {
    const feed = new ScriptedFeed();
    await new Promise<void>((resolve) => feed.server.listen(0, '127.0.0.1', resolve));
    return feed;
  }

  get host(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  add(feed: string, ...records: ScriptedRecord[]): void {
    this.lines.set(feed, [...(this.lines.get(feed) ?? []), ...records]);
  }

  /** Forgets everything that was told and scripted. */
  clear(): void {
    this.lines.clear();
    this.instead.length = 0;
    this.asked.length = 0;
    this.overlap = 0;
  }

  page({ feed, cursor, limit }: Asked): object {
    const line = this.lines.get(feed) ?? [];
    const from = Math.max(0, Number(cursor ?? 0) - this.overlap);
    const records = line.slice(from, from + limit);
    const end = from + records.length;
    return { records: records.map((record) => printed(feed, record)), nextCursor: String(end), hasMore: end < line.length };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of request) text += String(piece);
    const asked = JSON.parse(text) as Asked;
    this.asked.push(asked);
    const said = await (this.instead.shift() ?? ((given: Asked) => this.page(given)))(asked);
    response.writeHead('kind' in said ? 400 : 200).end(JSON.stringify(said));
  }
}

export function printed(feed: string, { id, topic = feed === 'counts' ? 'counted' : 'moved', ...body }: ScriptedRecord): object {
  return { id, topic, body: JSON.stringify(body) };
}
