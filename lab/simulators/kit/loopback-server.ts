import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServerCall {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** `hang up` closes the connection without an answer: the caller cannot know what happened. */
export type ServerAnswer = { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown } | 'hang up';

export type ServerRoute = (call: ServerCall) => ServerAnswer | Promise<ServerAnswer>;

const BODY_LIMIT = 4 * 1024 * 1024;

/** A simulator's own API on a free loopback port. Bodies are JSON. */
export class LoopbackServer {
  private server: Server | undefined;
  private address = '';

  constructor(private readonly route: ServerRoute) {}

  /** `http://127.0.0.1:<port>`; empty until started. */
  get url(): string {
    return this.address;
  }

  /** @param port 0 takes a free one; a restarted simulator takes its old one so that the hub finds it again. */
  async start(port = 0): Promise<string> {
    const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => void this.serve(request, response));
    server.on('clientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.server = server;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this.address;
  }

  async stop(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.server = undefined;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await read(request);
      const url = new URL(request.url ?? '/', 'http://loopback');
      const answer = body === undefined
        ? { status: 413, body: { error: 'body too large' } }
        : await this.route({ method: request.method ?? 'GET', path: url.pathname, query: url.searchParams, headers: request.headers, body });
      if (answer === 'hang up') {
        response.destroy();
        return;
      }
      const text = JSON.stringify(answer.body);
      response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text), ...answer.headers });
      response.end(text);
    } catch (error) {
      if (response.headersSent || response.destroyed) return;
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: error instanceof Error ? error.message : 'unexpected' }));
    }
  }
}

async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
