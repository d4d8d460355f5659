import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Happening, TradingScript } from '../trading-script.js';
import { isGoods, readInvoiceDate } from './uci-rows.js';
import { channelOfCustomer, uciScript } from './uci-script.js';

const folder = mkdtempSync(join(tmpdir(), 'crossdock-uci-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
let files = 0;

function script(...rows: string[]): Promise<TradingScript> {
  files += 1;
  const path = join(folder, `${files}.csv`);
  writeFileSync(path, [HEADER, ...rows].join('\n'));
  return uciScript(path);
}

const counted = (made: TradingScript, rule: string): number | undefined => made.oddities.find((oddity) => oddity.rule.includes(rule))?.count;
const ofKind = <K extends Happening['kind']>(made: TradingScript, kind: K): Extract<Happening, { kind: K }>[] =>
  made.happenings.filter((event): event is Extract<Happening, { kind: K }> => event.kind === kind);

describe('the UCI file as a trading script', () => {
  it('makes one order of an invoice and keeps the same item twice as two lines', async () => {
    const made = await script(
      '536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
      '536365,85123A,HEART,2,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
      '536365,71053,LANTERN,1,2010-12-01 08:26:00,3.39,17850.0,United Kingdom',
    );
    const [order, ...others] = ofKind(made, 'order');
    expect(others).toEqual([]);
    expect(order?.lines.map((line) => [line.line, line.item, line.quantity])).toEqual([['1', '85123A', 6], ['2', '85123A', 2], ['3', '71053', 1]]);
    expect(counted(made, 'same item again')).toBe(1);
  });

  it('takes codes that differ only in case for one item', async () => {
    const made = await script('1,85123a,HEART,1,2010-12-01 08:00:00,1,1,UK', '2,85123A,HEART,1,2010-12-01 09:00:00,1,1,UK');
    expect(made.items.map((item) => item.id)).toEqual(['85123A']);
    expect(counted(made, 'differ only in case')).toBe(1);
  });

  it('matches a C invoice with the customer\'s earlier sale and flags one without', async () => {
    const made = await script(
      '1,71053,LANTERN,5,2010-12-01 08:00:00,1,17850,UK',
      'C2,71053,LANTERN,-3,2010-12-02 08:00:00,1,17850,UK',
      'C3,71053,LANTERN,-3,2010-12-03 08:00:00,1,17850,UK',
    );
    expect(ofKind(made, 'return').map((event) => [event.id, event.order])).toEqual([['C2', '1'], ['C3', undefined]]);
    expect(counted(made, 'without an earlier sale')).toBe(1);
  });

  it('makes an adjustment of a negative row that is no return', async () => {
    const made = await script('536589,21777,,-10,2010-12-01 16:50:00,0.0,,United Kingdom');
    expect(ofKind(made, 'adjustment')).toMatchObject([{ item: '21777', quantity: -10 }]);
    expect(ofKind(made, 'order')).toEqual([]);
  });

  it('leaves out what is no goods and counts it', async () => {
    const made = await script('1,POST,POSTAGE,1,2010-12-01 08:00:00,18,1,France', '1,gift_0001_20,Voucher,1,2010-12-01 08:00:00,20,1,UK', '1,m,Manual,1,2010-12-01 08:00:00,2,1,UK');
    expect(made.items).toEqual([]);
    expect(counted(made, 'no goods')).toBe(3);
  });

  it('keeps each customer on one channel and rings up unknown customers at the tills', () => {
    expect(channelOfCustomer('')).toBe('tills');
    expect(channelOfCustomer('17850')).toBe(channelOfCustomer('17850'));
    const seen = new Set(Array.from({ length: 200 }, (_, index) => channelOfCustomer(String(12_000 + index))));
    expect(seen).toEqual(new Set(['shop', 'marketplace-a', 'marketplace-b', 'app']));
  });

  it('derives stock that never runs out before it is replenished', async () => {
    const rows = Array.from({ length: 60 }, (_, day) => `${day + 1},71053,LANTERN,${(day % 5) + 1},${new Date(Date.UTC(2010, 11, 1 + day, 9)).toISOString().slice(0, 19).replace('T', ' ')},1,17850,UK`);
    const made = await script(...rows);
    let stock = made.opening.find((entry) => entry.item === '71053')?.quantity ?? 0;
    for (const event of made.happenings) {
      if (event.kind === 'receipt') stock += event.lines[0]?.quantity ?? 0;
      if (event.kind === 'order') stock -= event.lines[0]?.quantity ?? 0;
      expect(stock).toBeGreaterThanOrEqual(0);
    }
    expect(ofKind(made, 'receipt').length).toBeGreaterThan(2);
  });

  it('names the row that cannot be read', async () => {
    await expect(script('1,71053,LANTERN,many,2010-12-01 08:00:00,1,1,UK')).rejects.toThrow("Row 1: the quantity 'many' is not a whole number");
    await expect(script('1,71053,LANTERN,1,yesterday,1,1,UK')).rejects.toThrow("Row 1: 'yesterday' is not a date");
  });

  it('refuses another CSV file', async () => {
    const path = join(folder, 'other.csv');
    writeFileSync(path, 'a,b\n1,2\n');
    await expect(uciScript(path)).rejects.toThrow('The header lacks InvoiceNo, StockCode');
  });
});

describe('single cells', () => {
  it('reads dates as the day files and as a spreadsheet write them', () => {
    expect(readInvoiceDate('2010-12-01 08:26:00')).toBe(Date.UTC(2010, 11, 1, 8, 26));
    expect(readInvoiceDate('12/1/2010 8:26')).toBe(Date.UTC(2010, 11, 1, 8, 26));
    expect(readInvoiceDate('12/1/10 8:26')).toBe(Date.UTC(2010, 11, 1, 8, 26));
    expect(readInvoiceDate('13/1/2010 8:26')).toBeUndefined();
  });

  it('tells goods from fees, and keeps the DCGS articles', () => {
    expect(['POST', 'DOT', 'BANK CHARGES', 'AMAZONFEE', 'CRUK', 'S', 'GIFT_0001_40'].filter(isGoods)).toEqual([]);
    expect(['85123A', 'DCGS0003', '15056BL'].every(isGoods)).toBe(true);
  });
});

const real = process.env['CROSSDOCK_REAL_DATA'] ? join(process.env['CROSSDOCK_REAL_DATA'], 'data/uci-online-retail') : undefined;

describe('the real file', () => {
  it.skipIf(!real)('is read whole, every row accounted for', async () => {
    const name = readdirSync(real as string).find((file) => file.endsWith('.csv'));
    const made = await uciScript(join(real as string, name as string));
    const expected: [string, number][] = [
      ['rows read', 89_955], ['without a customer', 32_299], ['no goods', 456], ['rows of C invoices', 1_666], ['without an earlier sale', 670],
      ['negative rows', 196], ['same item again', 1_618], ['differ only in case', 75], ['bear two times', 13], ['zero units', 0],
    ];
    expect(expected.map(([rule]) => [rule, counted(made, rule)])).toEqual(expected);
    const lines = ofKind(made, 'order').reduce((sum, order) => sum + order.lines.length, 0);
    const returned = ofKind(made, 'return').reduce((sum, event) => sum + event.lines.length, 0);
    expect(lines + returned + ofKind(made, 'adjustment').length + (counted(made, 'no goods') ?? 0)).toBe(counted(made, 'rows read'));
  });
});
