import type { MovementPosting, PostingAccount, PostResult } from '@crossdock/connector-sdk';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Create = (postings: readonly MovementPosting[], books: BooksServer) => PostResult[] | Promise<PostResult[]>;
/** Takes over the answer to one request; true when it has answered. */
export type Fault = (path: string, postings: readonly MovementPosting[], response: ServerResponse, books: BooksServer) => boolean | Promise<boolean>;

/**
 * The books of the fixture plugin `books`: they forget nothing, know every posting by its key, and write whatever they are
 * told to create, so that a hub which handed one over twice without a key to find it by would be seen at once.
 */
export class BooksServer {
  /** Every creation, in order; a key that stands here twice was written twice. */
  readonly written: MovementPosting[] = [];
  /** The keys of each call of `/create`. */
  readonly calls: string[][] = [];
  /** What the books do with what they are told to create; by default they write it. */
  create: Create = (postings) => postings.map((posting) => this.write(posting));
  fault: Fault | undefined;
  private readonly references = new Map<string, string>();
  private server: Server | undefined;

  async start(): Promise<string> {
    this.server = createServer((request, response) => void this.answer(request, response).catch((error: unknown) => response.destroy(error as Error)));
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  /** Well-behaved again; what was written stays written. */
  behave(): void {
    this.fault = undefined;
    this.create = (postings) => postings.map((posting) => this.write(posting));
  }

  write(posting: MovementPosting): PostResult {
    this.written.push(posting);
    const reference = `doc-${this.written.length}`;
    this.references.set(posting.key, reference);
    return { kind: 'applied', reference };
  }

  /** Stock by `product@place` and condition (left out where sellable), as the sum of all that was written. */
  stock(): Record<string, number> {
    const sums: Record<string, number> = {};
    const add = ({ item, quantity }: MovementPosting, account: PostingAccount, sign: number): void => {
      if ('virtual' in account) return;
      const place = `${item.id}@${account.location.id}${account.condition === 'sellable' ? '' : ` ${account.condition}`}`;
      sums[place] = (sums[place] ?? 0) + sign * quantity;
    };
    for (const posting of this.written) {
      add(posting, posting.from, -1);
      add(posting, posting.to, 1);
    }
    return sums;
  }

  of(product: string): MovementPosting[] {
    return this.written.filter(({ item }) => item.id === product);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += String(piece);
    const path = request.url ?? '';
    const sent = JSON.parse(body) as MovementPosting[];
    if (this.fault && (await this.fault(path, sent, response, this))) return;
    if (path === '/find') {
      const keys = sent as unknown as string[];
      return void response.end(JSON.stringify({ known: Object.fromEntries(keys.filter((key) => this.references.has(key)).map((key) => [key, this.references.get(key)])) }));
    }
    this.calls.push(sent.map(({ key }) => key));
    const results = await this.create(sent, this);
    if (!response.destroyed) response.end(JSON.stringify({ results }));
  }
}
