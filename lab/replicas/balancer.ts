import { Agent, createServer, request, type IncomingMessage, type OutgoingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const LOOK_EVERY_MS = 150;
const LOOK_WITHIN_MS = 1_500;
/** A replica that does not answer for so long is given up, as a balancer does; the caller repeats. */
const ANSWER_WITHIN_MS = 15_000;

/** An answer of 5xx that a replica itself gave, and what it called it. */
export interface ServerError {
  readonly status: number;
  readonly code: string;
  readonly call: string;
}

interface Backend {
  readonly url: URL;
  readonly agent: Agent;
  up: boolean;
}

interface Reply {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

async function wholeBody(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/**
 * A load balancer as stands in front of replicas everywhere: takes them in turn, asks each for its readiness, and passes
 * a request on to the next only when the first did not even take the connection. A request that was under way in a
 * replica that died is answered 502: its outcome is unknown, and the caller repeats it.
 */
export class Balancer {
  /** Every 5xx that a replica answered. */
  readonly serverErrors: ServerError[] = [];
  /** Requests whose replica died under them, or that no replica could take. */
  broken = 0;
  /** By backend: how many requests it answered. */
  readonly answered = new Map<string, number>();
  private readonly server: Server;
  private backends: Backend[] = [];
  private turn = 0;
  private readonly looking: NodeJS.Timeout;

  private constructor() {
    this.server = createServer((incoming, outgoing) => void this.serve(incoming, outgoing));
    this.looking = setInterval(() => void Promise.all(this.backends.map((backend) => this.look(backend))), LOOK_EVERY_MS);
  }

  static async start(): Promise<Balancer> {
    const balancer = new Balancer();
    await new Promise<void>((resolve) => balancer.server.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The replicas that answer HTTP. Those that stay keep their connections. */
  use(urls: readonly string[]): void {
    const kept = new Map(this.backends.map((backend) => [backend.url.origin, backend]));
    this.backends = urls.map((url) => kept.get(new URL(url).origin) ?? { url: new URL(url), agent: new Agent({ keepAlive: true, maxSockets: 256 }), up: true });
  }

  async stop(): Promise<void> {
    clearInterval(this.looking);
    for (const { agent } of this.backends) agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async look(backend: Backend): Promise<void> {
    try {
      const answer = await fetch(new URL('/health/ready', backend.url), { signal: AbortSignal.timeout(LOOK_WITHIN_MS) });
      await answer.arrayBuffer();
      backend.up = answer.ok;
    } catch {
      backend.up = false;
    }
  }

  private async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const call = `${incoming.method ?? ''} ${incoming.url ?? ''}`;
    try {
      const body = await wholeBody(incoming);
      const reply = await this.pass(incoming, body);
      if (reply.status >= 500) this.serverErrors.push({ status: reply.status, code: codeOf(reply.body), call });
      outgoing.writeHead(reply.status, reply.headers).end(reply.body);
    } catch {
      this.broken += 1;
      if (!outgoing.headersSent) outgoing.writeHead(502, { 'retry-after': '1' });
      outgoing.end();
    }
  }

  private async pass(incoming: IncomingMessage, body: Buffer): Promise<Reply> {
    const ready = this.backends.filter(({ up }) => up);
    const candidates = ready.length > 0 ? ready : this.backends;
    this.turn += 1;
    for (let tried = 0; tried < candidates.length; tried += 1) {
      const backend = candidates[(this.turn + tried) % candidates.length] as Backend;
      try {
        const reply = await ask(backend, incoming, body);
        this.answered.set(backend.url.origin, (this.answered.get(backend.url.origin) ?? 0) + 1);
        return reply;
      } catch (error) {
        backend.up = false;
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
      }
    }
    throw new Error('no replica takes connections');
  }
}

function ask(backend: Backend, incoming: IncomingMessage, body: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = { ...incoming.headers, host: backend.url.host, 'content-length': String(body.length) };
    delete (headers as Record<string, unknown>)['transfer-encoding'];
    const sent = request(new URL(incoming.url ?? '/', backend.url), { method: incoming.method, headers, agent: backend.agent, timeout: ANSWER_WITHIN_MS }, (answer) => {
      wholeBody(answer).then((whole) => resolve({ status: answer.statusCode ?? 502, headers: withoutFraming(answer.headers), body: whole }), reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('the replica did not answer')));
    sent.on('error', reject);
    sent.end(body);
  });
}

function withoutFraming(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const { connection: _connection, 'keep-alive': _keepAlive, 'transfer-encoding': _encoding, ...rest } = headers;
  return rest;
}

function codeOf(body: Buffer): string {
  try {
    return String((JSON.parse(body.toString()) as { code?: unknown }).code);
  } catch {
    return 'no problem document';
  }
}
