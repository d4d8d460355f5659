import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { driveSockets } from './drive-sockets.js';
import { percentile } from './measure.js';

/** What to send, over and over. */
export interface Load {
  readonly port: number;
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  readonly perSecond: number;
  /** All of them, those of the warm-up too. */
  readonly answered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How often each status was answered, the warm-up too. */
  readonly statuses: Readonly<Record<string, number>>;
}

/**
 * Loads an HTTP server from a thread of its own over keep-alive connections, each with one request under way. Speaks
 * HTTP by hand: a general client costs more than the servers measured here, and would be what is measured.
 */
export function load(given: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: given });
    worker.once('message', (result: LoadResult) => {
      void worker.terminate();
      resolve(result);
    });
    worker.once('error', reject);
  });
}

async function run(given: Load): Promise<LoadResult> {
  const headers = Object.entries({ host: 'bench', 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(given.body)), ...given.headers });
  const request = `POST ${given.path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${given.body}`;
  const { latencies, statuses, answered } = await driveSockets({ ...given, sources: Array.from({ length: given.connections }, () => () => request) });
  return { perSecond: (latencies.length / given.measureMs) * 1_000, answered, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99), statuses };
}

if (!isMainThread && workerData) parentPort?.postMessage(await run(workerData as Load));
