import { createHmac, randomUUID } from 'node:crypto';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { driveSockets } from './drive-sockets.js';
import { percentile } from './measure.js';

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

async function run(given: SignedLoad): Promise<SignedLoadResult> {
  // Line ids are ten times as large and must stay exact as JSON numbers.
  const first = (Date.now() % 1_000_000_000) * 1_000;
  const queues = Array.from({ length: given.sockets }, (_, socket) =>
    Array.from({ length: Math.ceil(given.mostRequests / given.sockets) }, (_unused, n) => request(given, given.paths[socket % given.paths.length] as string, first + n * given.sockets + socket)));
  const { latencies, statuses, measuredMs } = await driveSockets({ ...given, sources: queues.map((queue) => () => queue.pop()) });
  return { perSecond: (latencies.length / measuredMs) * 1_000, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99), mostMs: latencies.at(-1) ?? 0, statuses };
}

if (!isMainThread && workerData) parentPort?.postMessage(await run(workerData as SignedLoad));
