import { afterEach, describe, expect, it } from 'vitest';
import type { Connector } from '@crossdock/connector-sdk';
import till from '../../plugins/till/index.js';
import { Catalogue, StoreTills } from '../index.js';
import { manifestOf, ReceivingHub } from './receiving-hub.js';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function stores(): Promise<{ tills: StoreTills; hub: ReceivingHub; buy: (order: string, location: string) => Promise<unknown> }> {
  const tills = new StoreTills({ name: 'tills', catalogue: new Catalogue([{ id: 'MUG', name: 'Mug' }]), locations: ['store-1', 'store-2'], seed: 5 });
  await tills.start();
  const hub = new ReceivingHub(manifestOf('lab/plugins/till'), till as Connector<never>, tills);
  await hub.start();
  tills.connect({ url: hub.url, connectionId: 'tills' });
  open.push(() => tills.stop(), () => hub.stop());
  return { tills, hub, buy: (order, location) => tills.order({ order, location, lines: [{ line: '1', item: 'MUG', quantity: 1 }] }) };
}

async function untilQuiet(tills: StoreTills, held: number): Promise<void> {
  while (tills.backlog > held) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('a store that is offline', () => {
  it('goes on selling, and posts everything later, out of order, with the times of the sales', async () => {
    const { tills, hub, buy } = await stores();
    tills.goOffline('store-1');
    for (let number = 0; number < 30; number += 1) await buy(`a${number}`, 'store-1');
    await buy('b1', 'store-2');
    await untilQuiet(tills, 30);
    expect([...hub.balances()]).toEqual([['MUG@store-2', -1]]);
    expect(tills.backlog).toBe(30);
    await new Promise((resolve) => setTimeout(resolve, 20));
    tills.goOnline('store-1');
    await tills.settle();
    expect(hub.balances().get('MUG@store-1')).toBe(-30);
    const receipts = hub.bodies.slice(1).map(({ body }) => (JSON.parse(body) as { receipt: string }).receipt);
    expect(receipts).not.toEqual([...receipts].sort());
    const late = tills.journal.filter((fact) => fact.location === 'store-1');
    expect(late.every((fact) => (fact.postedAt ?? 0) - fact.occurredAt >= 15)).toBe(true);
    expect(tills.counts.late).toBe(30);
  });

  it('is brought back when the day is settled', async () => {
    const { tills, hub, buy } = await stores();
    tills.goOffline();
    await buy('a', 'store-1');
    await buy('b', 'store-2');
    await tills.settle();
    expect(hub.events.size).toBe(2);
  });

  it('takes no figures while every store is cut off', async () => {
    const { tills } = await stores();
    const { serverKey = '' } = tills.connection().credentials;
    const put = (): Promise<Response> => fetch(`${tills.url}/stock`, { method: 'PUT', headers: { 'x-till-key': serverKey }, body: '{"figures":[{"sku":"MUG","quantity":4,"version":1}]}' });
    tills.goOffline();
    await expect(put()).rejects.toThrow();
    tills.goOnline();
    expect((await put()).status).toBe(200);
    expect(tills.beliefs.get('MUG')).toBe(4);
  });

  it('posts counts, deliveries and corrections of the shelf too', async () => {
    const { tills, hub } = await stores();
    await tills.receive({ id: 'r1', location: 'store-1', lines: [{ item: 'MUG', quantity: 12 }] });
    await tills.adjust({ id: 'a1', location: 'store-1', item: 'MUG', quantity: -2 });
    await tills.count({ id: 'c1', location: 'store-1', item: 'MUG', counted: 9 });
    await tills.settle();
    expect(hub.failures).toEqual([]);
    expect([...hub.events.keys()].sort()).toEqual(tills.journal.map((fact) => `${fact.eventId}#${fact.line}`).sort());
    expect([...hub.events.values()].map((event) => [event.kind, event.kind === 'StockMoved' ? event.movement : event.basis, event.quantity])).toEqual([
      ['StockMoved', 'receipt', 12], ['StockMoved', 'adjustment', -2], ['StockObserved', 'onHand', 9],
    ]);
  });
});
