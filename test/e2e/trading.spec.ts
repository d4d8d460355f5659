import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRYTON_ABSENT } from '../peers/tryton/installed.js';
import { TRYTON_START_MS } from '../peers/tryton/start-tryton.js';
import { ABSENT as VENDURE_ABSENT } from '../peers/vendure/vendure.js';
import { ThreeSystems } from '../trading/three-systems.js';
import { tradingScript, type TradingScript } from '../trading/trading-script.js';

/** `npm run torture:trading` asks for a week and five kills; an ordinary run is short. */
const WISH = {
  orders: Number(process.env['TRADING_ORDERS'] ?? 12),
  linesPerOrder: Number(process.env['TRADING_LINES'] ?? 6),
  days: Number(process.env['TRADING_DAYS'] ?? 1),
};
const KILLS = Number(process.env['TRADING_KILLS'] ?? 1);
const OF_KILLS = KILLS === 1 ? 'one kill' : `${KILLS} kills`;
const LONG_MS = 4 * 3_600_000;

const absent = TRYTON_ABSENT ?? VENDURE_ABSENT;
const WHAT = 'a real shop, a real ERP and the hub between them';

describe.skipIf(absent !== undefined)(absent === undefined ? WHAT : `${WHAT} (skipped: ${absent})`, () => {
  let script: TradingScript;
  let three: ThreeSystems;

  beforeAll(async () => {
    script = await tradingScript(WISH);
    three = await ThreeSystems.open(script);
  }, TRYTON_START_MS + LONG_MS);

  afterAll(() => three?.close());

  it('open with the goods of the ERP on sale in the shop', { timeout: LONG_MS }, async () => {
    const { model, erp, hub, shop } = await three.settled();
    expect({ erp, hub, shop }).toEqual({ erp: model, hub: model, shop: model });
  });

  it(`keep one stock through orders, cancellations, counts, deliveries and ${OF_KILLS} of the hub`, { timeout: LONG_MS }, async ({ annotate }) => {
    const startedAt = Date.now();
    const { trades } = script;
    const skus = [...script.opening.keys()];
    const killAt = new Set(Array.from({ length: KILLS }, (_, index) => Math.floor((trades.length * (index + 1)) / (KILLS + 1))));
    const every = Math.max(3, Math.floor(trades.length / 20));
    for (const [index, trade] of trades.entries()) {
      await three.trade(trade);
      const sku = skus[index % skus.length] ?? '';
      if (index % every === 1) await three.recount(sku, index % 2 === 0 ? 3 : -2);
      if (index % every === 2) await three.receive(sku, 12);
      if (killAt.has(index)) await three.killHub();
    }
    const tradedMs = Date.now() - startedAt;
    const { model, erp, hub, shop } = await three.settled();
    await annotate(`${script.source}: ${three.orders} orders of ${three.lines} lines, ${three.cancelled} units cancelled, ${skus.length} items, ${OF_KILLS}; traded in ${Math.round(tradedMs / 1_000)} s, all equal ${Math.round((Date.now() - startedAt - tradedMs) / 1_000)} s after`);
    expect(three.orders).toBeGreaterThan(5);
    expect({ erp, hub, shop }).toEqual({ erp: model, hub: model, shop: model });
    expect(await three.trouble()).toEqual([]);
    const { kinds, twice } = await three.ledger();
    expect(kinds['sale']).toBe(three.lines);
    expect(twice).toBe(0);
  });
});
