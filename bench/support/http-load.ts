import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

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
  /** How often each status was answered. */
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

/** The length of the first whole answer in `text`, or 0 while it is not whole. */
function answerLength(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const body = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  return text.length >= head + 4 + body ? head + 4 + body : 0;
}

function run(given: Load): void {
  const headers = Object.entries({ host: 'bench', 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(given.body)), ...given.headers });
  const request = `POST ${given.path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${given.body}`;
  const from = performance.now() + given.warmUpMs;
  const until = from + given.measureMs;
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  let open = given.connections;
  let answered = 0;
  const finish = (): void => {
    open -= 1;
    if (open > 0) return;
    latencies.sort((a, b) => a - b);
    const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
    parentPort?.postMessage({ perSecond: (latencies.length / given.measureMs) * 1_000, answered, p50Ms: at(0.5), p99Ms: at(0.99), statuses } satisfies LoadResult);
  };
  for (let index = 0; index < given.connections; index += 1) {
    const socket = connect({ port: given.port, host: '127.0.0.1', noDelay: true });
    let pending = '';
    let sentAt = 0;
    const send = (): void => {
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('close', finish);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      const length = answerLength(pending);
      if (length === 0) return;
      const now = performance.now();
      answered += 1;
      if (now >= from && now < until) {
        latencies.push(now - sentAt);
        const status = pending.slice(9, 12);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      pending = pending.slice(length);
      if (now >= until) socket.destroy();
      else send();
    });
  }
}

if (!isMainThread && workerData) run(workerData as Load);
