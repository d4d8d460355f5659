import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { Catalogue, Marketplace } from '../../lab/simulators/index.js';
import { startHub, type Hub } from '../support/hub.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A hub, a marketplace that is one of its channels, and a back office that says what is on the shelf. */
async function selling(stock: number, rules: Record<string, unknown>): Promise<{ market: Marketplace; move: (kind: string, quantity: number) => Promise<void>; told: (quantity: number) => Promise<void> }> {
  const hub: Hub = await startHub({ env: { CROSSDOCK_PLUGINS_DIR: fileURLToPath(new URL('../../dist/lab-plugins', import.meta.url)) } });
  closing.push(() => hub.stop());
  const market = new Marketplace({ name: 'market', catalogue: new Catalogue([{ id: 'MUG', name: 'Mug' }]), locations: ['warehouse'], seed: 1 });
  await market.start();
  closing.push(() => market.stop());
  const { body: client } = await hub.api<{ key: string }>('POST', '/admin/v1/clients', { name: 'back-office', scopes: ['catalog:write', 'stock:write'] });
  const say = async (method: string, path: string, body: unknown, token?: string): Promise<void> => {
    const { status, body: answer } = await hub.api(method, path, body, token === undefined ? {} : { token });
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
  };
  await say('PUT', '/api/v1/items/MUG', { name: 'Mug' }, client.key);
  await say('PUT', '/api/v1/locations/warehouse', { name: 'Warehouse', type: 'warehouse' }, client.key);
  await say('POST', '/admin/v1/connections', { ...market.connection(), id: 'market', allowPrivateNetwork: true });
  await say('PUT', '/admin/v1/connections/market/cross-references', { references: market.crossReferences() });
  await say('PUT', '/api/v1/channels/market', { name: 'Market', locations: ['warehouse'], connection: 'market' }, client.key);
  await say('PUT', '/api/v1/channels/market/selling-rules', rules, client.key);
  market.connect({ url: hub.url, connectionId: 'market' });
  let events = 0;
  const move = (kind: string, quantity: number): Promise<void> =>
    say('POST', '/api/v1/stock-movements', { movements: [{ eventId: `m${(events += 1)}`, kind, item: 'MUG', location: 'warehouse', quantity, occurredAt: new Date().toISOString() }] }, client.key);
  const told = (quantity: number): Promise<void> => expect.poll(() => market.beliefs.get('MUG'), { timeout: 10_000, message: 'what the marketplace believes' }).toBe(quantity);
  await move('opening', stock);
  return { market, move, told };
}

const buy = (quantity: number, order: string) => ({ order, location: 'warehouse', lines: [{ line: '1', item: 'MUG', quantity }] });

it('tells a channel its figure again after its own sale, though the cap keeps the figure the same', { timeout: 60_000 }, async () => {
  const { market, told } = await selling(100, { cap: 5 });
  await told(5);
  await market.order(buy(3, 'o1'));
  expect(market.beliefs.get('MUG')).toBe(2);
  await market.settle();
  await told(5);
});

it('takes back from a channel what it put on sale again itself, while there is nothing to sell', { timeout: 60_000 }, async () => {
  const { market, move, told } = await selling(1, {});
  await told(1);
  await market.order(buy(1, 'o1'));
  await market.settle();
  await expect.poll(() => market.figures.at(-1)?.available, { timeout: 10_000 }).toBe(0);
  await move('sale', 2);
  await market.cancel('o1');
  expect(market.beliefs.get('MUG')).toBe(1);
  await market.settle();
  // One came back to a shelf that owes two: the marketplace must not sell it.
  await told(0);
});
