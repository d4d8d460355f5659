import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A figure that a channel was told, with the moment of its arrival (performance.now()). */
export type FigureListener = (item: string, available: number, at: number) => void;

/** The far end of a channel: speaks the lab marketplace's API, takes everything at once, and tells the benchmark. */
export async function startBenchChannel(onFigure: FigureListener): Promise<{ url: string; stop(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const at = performance.now();
      const answer = (body: unknown): void => void response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
      if (request.method !== 'POST') return answer({ seller: 'bench', items: [] });
      const { updates } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { updates: { sku: string; quantity: number }[] };
      for (const { sku, quantity } of updates) onFigure(sku, quantity, at);
      answer({ results: updates.map(({ sku }) => ({ sku, status: 'ok' })) });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  };
}
