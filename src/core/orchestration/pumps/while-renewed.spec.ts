import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { momentNow, whileRenewed } from './while-renewed.js';

/** Of a lease of so long a second is left for what is on its way. */
const terms = (ms: number, everyMs = 20) => ({ leaseMs: 1_000 + ms, everyMs });

afterEach(() => vi.useRealTimers());

it('says that a lease is in hand as long as it is renewed, and no longer', async () => {
  let ours = true;
  await whileRenewed(terms(200), momentNow(), () => Promise.resolve(ours), async (holds) => {
    await sleep(500);
    expect(holds()).toBe(true);
    ours = false;
    await expect.poll(holds).toBe(false);
  });
});

it('counts a lease from before it was asked for: whoever stood still until the answer came has none', async () => {
  const asked = momentNow();
  await sleep(60);
  await whileRenewed(terms(50, 60_000), asked, () => Promise.resolve(true), async (holds) => expect(holds()).toBe(false));
});

it('believes the clock on the wall where the other stood still with the machine', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  await whileRenewed(terms(5_000, 60_000), momentNow(), () => Promise.resolve(true), async (holds) => {
    expect(holds()).toBe(true);
    vi.setSystemTime(Date.now() + 6_000);
    expect(holds()).toBe(false);
  });
});
