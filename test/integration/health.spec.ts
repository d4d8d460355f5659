import { afterEach, describe, expect, it, vi } from 'vitest';
import { DISK_SPACE, type DiskSpace } from '../../src/core/observability/disk.js';
import { startTestApp, type TestApp } from '../support/app.js';

const MIB = 1_024 * 1_024;
const ROOMY: DiskSpace = { freeBytes: 5_000 * MIB, bytes: 9_000 * MIB, freeInodes: 50_000, inodes: 90_000 };

let hub: TestApp;

async function ready(space: (folder: string) => Promise<DiskSpace>): Promise<{ status: number; details: Record<string, Record<string, unknown>> }> {
  hub = await startTestApp([], {}, {}, { claimed: false, overrides: [[DISK_SPACE, space]] });
  const { status, body } = await hub.call('GET', '/health/ready');
  return { status, details: ((body.facts as { details?: object } | undefined)?.details ?? body.details) as Record<string, Record<string, unknown>> };
}

afterEach(() => hub.stop());

describe('a hub', () => {
  it('is ready where Postgres answers and the disk has room, and says how much', async () => {
    const { status, details } = await ready(async () => ROOMY);
    expect(status).toBe(200);
    expect(details).toMatchObject({ database: { status: 'up' }, disk: { status: 'up', freeMiB: 5_000, freeInodes: 50_000 }, queue: { status: 'up' }, serving: { status: 'up' }, eventLoop: { status: 'up', lagMs: expect.any(Number) } });
  });

  it('needs no inodes of a file system that counts none', async () => {
    expect(await ready(async () => ({ ...ROOMY, freeInodes: 0, inodes: 0 }))).toMatchObject({ status: 200, details: { disk: { status: 'up' } } });
  });

  it.each<[string, () => Promise<DiskSpace>, RegExp]>([
    ['has less than 256 MiB left', async () => ({ ...ROOMY, freeBytes: 256 * MIB - 1 }), /has 255 MiB left; the hub needs 256/],
    ['has room for few files', async () => ({ ...ROOMY, freeInodes: 999 }), /room for 999 more files; the hub needs 1000/],
    ['cannot be looked at', async () => Promise.reject(new Error('EIO')), /cannot be looked at/],
    ['does not answer', () => new Promise<never>(() => undefined), /cannot be looked at/],
  ])('is not ready where the data directory %s, says why, and stays alive', async (_what, space, reason) => {
    const { status, details } = await ready(space);
    expect(status).toBe(503);
    expect(details.disk).toMatchObject({ status: 'down', reason: expect.stringMatching(reason) });
    expect(details.database).toMatchObject({ status: 'up' });
    expect(await hub.call('GET', '/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  it('is ready again when there is room again, and looks once however many ask', async () => {
    const space = vi.fn(async (): Promise<DiskSpace> => ({ ...ROOMY, freeBytes: 0 }));
    expect((await ready(space)).status).toBe(503);
    await Promise.all(Array.from({ length: 20 }, () => hub.call('GET', '/health/ready')));
    expect(space).toHaveBeenCalledTimes(1);
    space.mockImplementation(async () => ROOMY);
    await expect.poll(async () => (await hub.call('GET', '/health/ready')).status, { timeout: 10_000, interval: 200 }).toBe(200);
  });

  it('is not ready while its event loop lags, however often somebody asks, and is again afterwards', async () => {
    await ready(async () => ROOMY);
    const ask = async (): Promise<number> => (await hub.call('GET', '/health/ready')).status;
    const lag = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    await expect.poll(async () => {
      lag(1_200);
      await ask();
      return ask();
    }, { timeout: 20_000, interval: 20 }).toBe(503);
    expect((await hub.call('GET', '/health/ready')).body).toMatchObject({ facts: { details: { eventLoop: { status: 'down', reason: expect.stringMatching(/ms late/) } } } });
    await expect.poll(ask, { timeout: 20_000, interval: 250 }).toBe(200);
  }, 45_000);
});
