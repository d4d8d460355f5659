import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of one call on its way: `lose` lets Tryton do it and drops the answer, `refuse` answers for Tryton, which never hears of it. */
export type Fault =
  | { readonly kind: 'lose' }
  | { readonly kind: 'refuse'; readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> };

/** Stands between the hub and Tryton, counts the calls by method, and makes chosen ones go wrong. */
export class FaultyProxy {
  readonly calls: string[] = [];
  /** Called before each call that goes on to Tryton. */
  before: (method: string) => void | Promise<void> = () => undefined;
  private readonly faults = new Map<string, Fault[]>();
  private server: Server | undefined;

  constructor(private readonly target: string) {}

  async start(): Promise<string> {
    this.server = createServer((request, response) => void this.pass(request, response).catch(() => response.destroy()));
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next call of a method meets this. */
  fail(method: string, fault: Fault): void {
    this.faults.set(method, [...(this.faults.get(method) ?? []), fault]);
  }

  count(method: string): number {
    return this.calls.filter((call) => call === method).length;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const { method } = JSON.parse(body) as { method: string };
    this.calls.push(method);
    const fault = this.faults.get(method)?.shift();
    if (fault?.kind === 'refuse') return void response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
    await this.before(method);
    const { authorization } = request.headers;
    const answer = await fetch(this.target + (request.url ?? ''), { method: 'POST', headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) }, body });
    const text = await answer.text();
    if (fault?.kind === 'lose') return void response.destroy();
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain', date: answer.headers.get('date') ?? '' }).end(text);
  }
}
