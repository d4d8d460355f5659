import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PassedCall {
  /** The operation's name in the document, for example `CrossdockSetStockOnHand`. */
  readonly operation: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface Meddling {
  readonly operation: string;
  /** Done before the call is passed on; what happens in the shop meanwhile. */
  readonly before?: () => Promise<unknown>;
  /** Answers instead of the shop. */
  readonly instead?: (response: ServerResponse) => void;
  /** Spoils the answer after the shop has done its work. */
  readonly after?: (response: ServerResponse, answer: string) => void;
}

/** Stands between the hub and a real server, counts what passes, and meddles with the next call of an operation, once. */
export class MeddlingProxy {
  readonly calls: PassedCall[] = [];
  readonly meddlings: Meddling[] = [];
  private server: Server | undefined;

  constructor(private readonly target: string) {}

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => void this.pass(request.url ?? '', request.headers as Record<string, string>, Buffer.concat(chunks).toString(), response));
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  count(operation: string): number {
    return this.calls.filter((call) => call.operation === operation).length;
  }

  private async pass(path: string, { authorization, 'vendure-token': channel }: Record<string, string>, body: string, response: ServerResponse): Promise<void> {
    const { query, variables } = JSON.parse(body) as { query: string; variables: Readonly<Record<string, unknown>> };
    const operation = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? '';
    this.calls.push({ operation, variables });
    const at = this.meddlings.findIndex((one) => one.operation === operation);
    const [meddling] = at < 0 ? [] : this.meddlings.splice(at, 1);
    if (meddling?.instead !== undefined) return meddling.instead(response);
    await meddling?.before?.();
    const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }), ...(channel === undefined ? {} : { 'vendure-token': channel }) };
    const answer = await fetch(this.target + path, { method: 'POST', headers, body });
    const text = await answer.text();
    if (meddling?.after !== undefined) return meddling.after(response, text);
    const token = answer.headers.get('vendure-auth-token');
    response.writeHead(answer.status, { 'content-type': 'application/json', ...(token === null ? {} : { 'vendure-auth-token': token }) }).end(text);
  }
}
