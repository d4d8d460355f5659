import type { Random } from '../../simulators/kit/random.js';
import { pickFrom, waitingTime } from '../random.js';
import { WAREHOUSE, type Happening, type ScriptItem, type SystemName } from '../trading-script.js';

const HOUR_MS = 3_600_000;
/** Eight in the evening, a quarter of an hour. */
export const FLASH_FROM_MS = 20 * HOUR_MS;
export const FLASH_TO_MS = FLASH_FROM_MS + 15 * 60_000;

const HOT_ITEMS = 6;
/** So many customers want each unit that there is. */
const WISHES_PER_UNIT = 2.5;
const BUYERS: readonly SystemName[] = ['shop', 'shop', 'shop', 'marketplace-a', 'marketplace-a', 'marketplace-b', 'app', 'app'];

type Order = Extract<Happening, { kind: 'order' }>;

/**
 * A few items are sold off cheaply online, and everybody wants them at once: the moment at which stale figures sell what is not
 * there. Most come in the first minutes. The hot items are the least popular ones otherwise, so that their stock lasts until then.
 */
export function flashSale(random: Random, midnight: number, items: readonly ScriptItem[], wishes: number): { orders: Order[]; stock: Map<string, number> } {
  const hot = items.slice(-HOT_ITEMS).map((item) => item.id);
  const orders = Array.from({ length: wishes }, (_, index): Order => {
    const after = Math.min(waitingTime(random, (FLASH_TO_MS - FLASH_FROM_MS) / 4), FLASH_TO_MS - FLASH_FROM_MS - 1);
    return {
      kind: 'order',
      at: midnight + FLASH_FROM_MS + Math.floor(after),
      order: `flash-${String(index + 1).padStart(5, '0')}`,
      system: pickFrom(random, BUYERS),
      location: WAREHOUSE,
      lines: [{ line: '1', item: pickFrom(random, hot), quantity: 1 }],
    };
  });
  const each = Math.max(3, Math.round(wishes / WISHES_PER_UNIT / HOT_ITEMS));
  return { orders, stock: new Map(hot.map((item) => [item, each])) };
}
