import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The other side of bench/publish.ts, in a process of its own: takes a mutation and answers as Shopify does when all
 * went well, after as many milliseconds as its parent last said. It reads the whole request, as any server must.
 */
let answersAfterMs = 0;
const answer = JSON.stringify({
  data: { inventorySetQuantities: { inventoryAdjustmentGroup: { id: 'gid://shopify/InventoryAdjustmentGroup/1' }, userErrors: [] } },
  extensions: { cost: { requestedQueryCost: 10, actualQueryCost: 10, throttleStatus: { maximumAvailable: 20_000, currentlyAvailable: 19_990, restoreRate: 1_000 } } },
});

async function read(request: IncomingMessage): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  JSON.parse(Buffer.concat(pieces).toString('utf8'));
}

const server = createServer((request, response) => {
  void read(request).then(() => setTimeout(() => response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(answer), answersAfterMs));
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', (ms) => {
  answersAfterMs = Number(ms);
  process.send?.('set');
});
process.once('disconnect', () => process.exit());
