import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../support/app.js';
import { startStockApp, type StockApp } from '../support/stock.js';

let stock: StockApp;
let item = '';
let other = '';

beforeAll(async () => {
  stock = await startStockApp();
});
afterAll(() => stock?.stop());
beforeEach(async () => {
  item = `i-${randomUUID().slice(0, 8)}`;
  other = `${item}-b`;
  // A test before may have ended the hub's sessions: the first call on a dead one is answered 503.
  for (const code of [item, other]) await expect.poll(async () => (await stock.api('PUT', `/api/v1/items/${code}`, { name: code })).status, { timeout: 5_000 }).toBeLessThan(300);
});

const opening = (code: string, quantity: number, location = 'dc'): Promise<string[]> => stock.move({ eventId: randomUUID(), kind: 'opening', item: code, quantity, location });
const reserve = (key: string, lines: { item: string; quantity: number }[], more: object = {}): Promise<Answer> =>
  stock.api('POST', '/api/v1/reservations', { key, channel: 'web', ttlSeconds: 600, lines, ...more });

async function shiftClock(interval: string): Promise<void> {
  const client = new pg.Client({ connectionString: stock.databaseUrl });
  await client.connect();
  const name = new URL(stock.databaseUrl).pathname.slice(1);
  // Sessions take a database's setting when they begin, so the hub's pooled ones are ended.
  await client.query(`alter database ${name} set crossdock.clock_shift = '${interval}'`);
  await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
  await client.end();
}

describe('a hold', () => {
  it('lowers what every channel that shares a location may sell, until it is released', async () => {
    await opening(item, 10);
    const held = await reserve('cart-1' + item, [{ item, quantity: 4 }]);
    expect(held).toMatchObject({ status: 201, body: { state: 'HELD', lines: [{ line: 0, item, quantity: 4 }] } });
    expect([await stock.now('web', item), await stock.now('app', item)]).toEqual([6, 6]);
    expect(await stock.api('POST', `/api/v1/reservations/${String(held.body.id)}/release`)).toMatchObject({ status: 200, body: { state: 'RELEASED' } });
    expect([await stock.now('web', item), await stock.now('app', item)]).toEqual([10, 10]);
  });

  it('becomes a sale in one act: on hand falls, the promise ends, the figure stays', async () => {
    await opening(item, 10);
    const { body } = await reserve('order' + item, [{ item, quantity: 4 }]);
    const consumed = await stock.api('POST', `/api/v1/reservations/${String(body.id)}/consume`, { location: 'dc' });
    expect(consumed).toMatchObject({ status: 200, body: { state: 'CONSUMED' } });
    expect((await stock.levels())[`${item}@dc`]).toBe(6);
    expect(await stock.now('web', item)).toBe(6);
    expect((await stock.api('POST', `/api/v1/reservations/${String(body.id)}/consume`, { location: 'dc' })).status).toBe(200);
    expect((await stock.levels())[`${item}@dc`]).toBe(6);
    expect(await stock.api('POST', `/api/v1/reservations/${String(body.id)}/release`)).toMatchObject({ status: 409, body: { code: 'RESERVATION_CONFLICT' } });
  });

  it('is all or nothing, adds the same item of two lines up first, and says what is missing', async () => {
    await opening(item, 5);
    await opening(other, 1);
    const short = await reserve('c' + item, [{ item, quantity: 3 }, { item: other, quantity: 1 }, { item, quantity: 3 }]);
    expect(short).toMatchObject({ status: 409, body: { code: 'INSUFFICIENT_STOCK', errors: [{ pointer: '/lines/2/quantity', detail: 'only 5 available' }] } });
    expect([await stock.now('web', item), await stock.now('web', other)]).toEqual([5, 1]);
    const partial = await reserve('c' + item, [{ item, quantity: 3 }, { item, quantity: 3 }], { allowPartial: true });
    expect(partial).toMatchObject({ status: 201, body: { lines: [{ line: 0, quantity: 3 }, { line: 1, quantity: 2 }] } });
  });

  it('answers the same key and lines with what is stored, and replaces its own hold by other lines', async () => {
    await opening(item, 5);
    const first = await reserve('k' + item, [{ item, quantity: 5 }]);
    const again = await reserve('k' + item, [{ item, quantity: 5 }]);
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
    const fewer = await reserve('k' + item, [{ item, quantity: 4 }]);
    expect([fewer.status, fewer.body.id]).toEqual([201, first.body.id]);
    expect(await stock.now('web', item)).toBe(1);
    expect((await reserve('k' + item, [{ item, quantity: 6 }])).status).toBe(409);
    expect(await stock.now('web', item)).toBe(1);
    await stock.api('POST', `/api/v1/reservations/${String(first.body.id)}/release`);
    expect(await reserve('k' + item, [{ item, quantity: 1 }])).toMatchObject({ status: 409, body: { code: 'RESERVATION_CONFLICT' } });
  });

  it('belongs to its caller: another client neither sees nor ends it', async () => {
    await opening(item, 5);
    const { body } = await reserve('mine' + item, [{ item, quantity: 1 }]);
    const stranger = await stock.client('reservations:write');
    for (const [method, path] of [['GET', ''], ['POST', '/release']] as const) {
      expect((await stock.call(method, `/api/v1/reservations/${String(body.id)}${path}`, undefined, { token: stranger })).status).toBe(404);
    }
  });

  it('expires by the clock of the database alone, and cannot be consumed afterwards', async () => {
    await opening(item, 5);
    const { body } = await reserve('late' + item, [{ item, quantity: 5 }]);
    await shiftClock('1 hour');
    try {
      await expect.poll(() => stock.api('POST', `/api/v1/reservations/${String(body.id)}/consume`, { location: 'dc' }), { timeout: 5_000 }).toMatchObject({ status: 409, body: { code: 'RESERVATION_CONFLICT' } });
      expect(await stock.api('GET', `/api/v1/reservations/${String(body.id)}`)).toMatchObject({ body: { state: 'EXPIRED' } });
      expect(await stock.now('web', item)).toBe(5);
    } finally {
      await shiftClock('0');
    }
  });
});

describe('a race', () => {
  it('gives each of K units to exactly one of 100 callers, and refuses nobody while one is left', async () => {
    await opening(item, 37);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => reserve(`race-${n}-${item}`, [{ item, quantity: 1 }])));
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(37);
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(63);
    expect(await stock.now('web', item)).toBe(0);
  });

  it('promises the last unit to one of two channels that share its location', async () => {
    await opening(item, 1);
    const answers = await Promise.all([reserve('a' + item, [{ item, quantity: 1 }]), reserve('b' + item, [{ item, quantity: 1 }], { channel: 'app' })]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409]);
  });

  it('between consuming and releasing has one winner', async () => {
    await opening(item, 20);
    for (let n = 0; n < 10; n += 1) {
      const { body } = await reserve(`w-${n}-${item}`, [{ item, quantity: 1 }]);
      const path = `/api/v1/reservations/${String(body.id)}`;
      const [consumed, released] = await Promise.all([stock.api('POST', `${path}/consume`, { location: 'dc' }), stock.api('POST', `${path}/release`)]);
      expect([consumed.status, released.status].sort()).toEqual([200, 409]);
    }
    const onHand = (await stock.levels())[`${item}@dc`];
    expect(await stock.now('web', item)).toBe(onHand);
  });
});
