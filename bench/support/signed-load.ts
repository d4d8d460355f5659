import { createHmac, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

/** Orders of a Shopify shop, signed and each different, for as many sockets as are asked for. */
export interface SignedLoad {
  readonly port: number;
  /** Paths of the shops' webhook addresses; sockets are dealt out to them in turn. */
  readonly paths: readonly string[];
  readonly secret: string;
  readonly sockets: number;
  /** Size of one order; smaller ones are padded. */
  readonly bytes: number;
  readonly skus: number;
  /** Made before the clock starts, so that signing is not what is measured; when they run out the load ends. */
  readonly mostRequests: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface SignedLoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  /** Answers by status, those of the warm-up too. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** Sends from a thread of its own, one request at a time a socket. */
export function signedLoad(given: SignedLoad): Promise<SignedLoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: given });
    worker.once('message', (result: SignedLoadResult) => {
      void worker.terminate();
      resolve(result);
    });
    worker.once('error', reject);
  });
}

function order(given: SignedLoad, id: number): string {
  const line = (n: number): object => {
    const sku = `sku-${Math.floor(given.skus ** Math.random()) - 1}`;
    return { id: id * 10 + n, admin_graphql_api_id: `gid://shopify/LineItem/${id * 10 + n}`, variant_id: 1, product_id: 1, sku, name: sku, quantity: 1, current_quantity: 1, price: '9.99' };
  };
  const now = new Date().toISOString();
  const body = { id, admin_graphql_api_id: `gid://shopify/Order/${id}`, created_at: now, processed_at: now, currency: 'EUR', test: false, refunds: [], line_items: [line(1), line(2)], note: '' };
  body.note = 'x'.repeat(Math.max(0, given.bytes - JSON.stringify(body).length));
  return JSON.stringify(body);
}

function request(given: SignedLoad, path: string, id: number): Buffer {
  const body = order(given, id);
  const hmac = createHmac('sha256', given.secret).update(body).digest('base64');
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nuser-agent: Shopify-Captain-Hook\r\n` +
    `x-shopify-topic: orders/create\r\nx-shopify-hmac-sha256: ${hmac}\r\nx-shopify-webhook-id: ${randomUUID()}\r\nx-shopify-shop-domain: bench.myshopify.com\r\nx-shopify-api-version: 2026-07\r\n\r\n${body}`);
}

/** The length of the first whole answer in `text`, or 0 while it is not whole. */
function answerLength(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const body = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  return text.length >= head + 4 + body ? head + 4 + body : 0;
}

function run(given: SignedLoad): void {
  // Line ids are ten times as large and must stay exact as JSON numbers.
  const first = (Date.now() % 1_000_000_000) * 1_000;
  const queues = Array.from({ length: given.sockets }, (_, socket) =>
    Array.from({ length: Math.ceil(given.mostRequests / given.sockets) }, (_unused, n) => request(given, given.paths[socket % given.paths.length] as string, first + n * given.sockets + socket)));
  const from = performance.now() + given.warmUpMs;
  const until = from + given.measureMs;
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  let open = given.sockets;
  let last = from;
  const finish = (): void => {
    open -= 1;
    if (open > 0) return;
    latencies.sort((a, b) => a - b);
    const at = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
    parentPort?.postMessage({ perSecond: (latencies.length / (last - from)) * 1_000, p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1), statuses } satisfies SignedLoadResult);
  };
  for (const queue of queues) {
    const socket = connect({ port: given.port, host: '127.0.0.1', noDelay: true });
    let pending = '';
    let sentAt = 0;
    const send = (): void => {
      const next = queue.pop();
      if (!next) return void socket.destroy();
      sentAt = performance.now();
      socket.write(next);
    };
    socket.on('connect', send);
    socket.on('close', finish);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      const length = answerLength(pending);
      if (length === 0) return;
      const now = performance.now();
      const status = pending.slice(9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (now >= from && now < until) {
        latencies.push(now - sentAt);
        last = Math.max(last, now);
      }
      pending = pending.slice(length);
      if (now >= until) socket.destroy();
      else send();
    });
  }
}

if (!isMainThread && workerData) run(workerData as SignedLoad);
