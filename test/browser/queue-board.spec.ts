import { getQueueToken } from '@nestjs/bullmq';
import { Worker, type Queue } from 'bullmq';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserRole } from '../../src/core/governance/access.js';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { WAKE_UP_QUEUE } from '../../src/core/orchestration/wake-ups.js';
import { Database } from '../../src/core/persistence/database.js';
import { QueueBoardModule } from '../../src/core/queue-board/queue-board.module.js';
import { CHROMIUM_ABSENT, startChromium } from '../peers/chromium/chromium.js';
import { newSession } from '../support/access/people.js';
import { startTestApp, type TestApp } from '../support/app.js';

const APPEARS_WITHIN_MS = 45_000;
/** A browser on a busy machine is slow; nothing here waits for a clock. */
const TIMEOUT = { timeout: 120_000 };

/** Buttons that do more than show: not tabs, filters, or what copies a text. */
const ACTING = 'button:not([role=tab]):not([role=combobox]):not([class*=copyBtn])';

/** What a person at the board would not see: what its page complained of, and whom else it spoke to. */
interface Watched {
  readonly page: Page;
  readonly complaints: string[];
  readonly hosts: Set<string>;
}

describe.skipIf(CHROMIUM_ABSENT)(`the queue board in a browser${CHROMIUM_ABSENT ? `: ${CHROMIUM_ABSENT}` : ''}`, () => {
  let hub: TestApp;
  let home: string;
  let queue: Queue;
  let worker: Worker;
  let browser: Browser;
  let broken = true;

  beforeAll(async () => {
    hub = await startTestApp([OrchestrationModule.forRole('api'), QueueBoardModule], { role: 'api' });
    await hub.app.listen(0, '127.0.0.1');
    home = await hub.app.getUrl();
    queue = hub.app.get<Queue>(getQueueToken(WAKE_UP_QUEUE));
    await queue.upsertJobScheduler('sweep', { every: 3_600_000 }, { name: 'publications' });
    const work = async (): Promise<void> => {
      if (broken) throw new Error('the shelf is empty');
    };
    worker = new Worker(WAKE_UP_QUEUE, work, { connection: queue.opts.connection, prefix: queue.opts.prefix });
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await worker?.close();
    await hub?.stop();
  });

  /** A browser of somebody's own that has followed the link; `link` is used up then. */
  const enter = async (role: UserRole): Promise<Watched & { readonly token: string; readonly link: string }> => {
    const token = await newSession(hub.app.get(Database), role);
    const link = home + ((await hub.call('POST', '/admin/v1/queues/sessions', undefined, { token })).body.path as string);
    const page = await (await browser.newContext({ locale: 'en-US', viewport: { width: 1_440, height: 900 } })).newPage();
    page.setDefaultTimeout(APPEARS_WITHIN_MS);
    const complaints: string[] = [];
    const hosts = new Set<string>();
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    await page.goto(link);
    await page.waitForURL('**/admin/queues');
    return { page, complaints, hosts, token, link };
  };

  it('lets an admin in once, shows what failed, and does it again', TIMEOUT, async () => {
    const failed = await queue.add('intake', { connection: 'till-7' });
    const { page, complaints, hosts, link } = await enter('admin');
    await page.getByRole('link', { name: 'wake-ups' }).first().click();
    await page.getByRole('link', { name: /failed/i }).click();
    await page.getByText('the shelf is empty').first().waitFor();
    broken = false;
    await page.getByText('Retry all').click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await expect.poll(() => failed.getState(), { timeout: APPEARS_WITHIN_MS }).toBe('completed');
    // Bull Board cleans away what is older than five seconds.
    const old = await queue.add('exports', {}, { delay: 7_200_000, timestamp: Date.now() - 60_000 });
    await page.goto(`${home}/admin/queues/queue/wake-ups?status=delayed`);
    await page.getByText('exports').first().waitFor();
    await page.getByText('Clean all').click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await expect.poll(() => old.getState(), { timeout: APPEARS_WITHIN_MS }).toBe('unknown');
    expect({ complaints, hosts: [...hosts] }).toEqual({ complaints: [], hosts: [new URL(home).host] });

    const second = await page.context().browser()?.newPage();
    const answer = await second?.goto(link);
    expect(answer?.status()).toBe(401);
    expect(await second?.textContent('body')).toContain('UNAUTHENTICATED');
  });

  it('shows a viewer what it shows an admin, without the buttons', TIMEOUT, async () => {
    broken = true;
    const { id } = await queue.add('intake', { connection: 'till-8' });
    await expect.poll(() => queue.getFailedCount(), { timeout: APPEARS_WITHIN_MS }).toBeGreaterThan(0);
    const places = { '/queue/wake-ups?status=failed': 'the shelf is empty', [`/queue/wake-ups/${id}`]: 'the shelf is empty', '/job-schedulers': 'sweep' };
    const offeredTo = async (role: UserRole): Promise<{ onFirstPage: string[]; elsewhere: number[] }> => {
      const { page, complaints } = await enter(role);
      await page.locator('main').getByText('wake-ups').waitFor();
      await page.locator('main [aria-haspopup=menu]').first().click();
      await page.getByRole('menuitem').first().waitFor();
      const onFirstPage = await page.getByRole('menuitem').allInnerTexts();
      const elsewhere: number[] = [];
      for (const [path, shows] of Object.entries(places)) {
        await page.goto(`${home}/admin/queues${path}`);
        await page.locator('main').getByText(shows).first().waitFor();
        elsewhere.push(await page.locator('main').locator(ACTING).count());
      }
      expect(complaints).toEqual([]);
      return { onFirstPage, elsewhere };
    };
    expect(await offeredTo('viewer')).toEqual({ onFirstPage: ['Sort by'], elsewhere: [0, 0, 0] });
    const { onFirstPage, elsewhere } = await offeredTo('admin');
    expect(onFirstPage).toContain('Pause all');
    for (const buttons of elsewhere) expect(buttons).toBeGreaterThan(0);
  });

  it('says so when the session has ended meanwhile', TIMEOUT, async () => {
    const { page, token } = await enter('operator');
    await page.getByRole('link', { name: 'wake-ups' }).first().waitFor();
    await hub.call('DELETE', '/admin/v1/sessions/current', undefined, { token });
    await page.getByText('Who is calling is not known').first().waitFor();
  });
});
