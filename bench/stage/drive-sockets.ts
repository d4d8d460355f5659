import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';

export interface SocketRun {
  readonly port: number;
  /** One keep-alive socket for each: gives its next request, or nothing when it has no more. */
  readonly sources: readonly (() => Buffer | string | undefined)[];
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface SocketFigures {
  /** Of the answers within the measured time, in ascending order. */
  readonly latencies: readonly number[];
  /** By status, the warm-up's too. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly answered: number;
  /** From the end of the warm-up to the last answer that was measured. */
  readonly measuredMs: number;
}

/** The length of the first whole answer in `text`, or 0 while it is not whole. */
function answerLength(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const body = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  return text.length >= head + 4 + body ? head + 4 + body : 0;
}

/** One request under way a socket. Speaks HTTP by hand: a general client costs more than the servers measured here. */
export async function driveSockets({ port, sources, warmUpMs, measureMs }: SocketRun): Promise<SocketFigures> {
  const from = performance.now() + warmUpMs;
  const until = from + measureMs;
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  let answered = 0;
  let last = from;
  const drive = (next: () => Buffer | string | undefined): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let pending = '';
      let sentAt = 0;
      const send = (): void => {
        const request = performance.now() < until ? next() : undefined;
        if (request === undefined) return void socket.destroy();
        sentAt = performance.now();
        socket.write(request);
      };
      socket.on('connect', send);
      socket.on('close', () => resolve());
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        pending += chunk.toString('latin1');
        const length = answerLength(pending);
        if (length === 0) return;
        const now = performance.now();
        const status = pending.slice(9, 12);
        statuses[status] = (statuses[status] ?? 0) + 1;
        answered += 1;
        if (now >= from && now < until) {
          latencies.push(now - sentAt);
          last = Math.max(last, now);
        }
        pending = pending.slice(length);
        send();
      });
    });
  await Promise.all(sources.map(drive));
  latencies.sort((a, b) => a - b);
  return { latencies, statuses, answered, measuredMs: last - from };
}
