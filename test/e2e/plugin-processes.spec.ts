import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHub, type Hub } from '../support/hub.js';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';

const SECRET = 'a-webhook-secret';

let build: PluginBuild;

beforeAll(async () => {
  build = await buildPlugins('loop', 'never-answers');
});

afterAll(() => build.remove());

/** Processes that run one of our plugins. */
function children(): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(build.folders.further ?? '?');
    } catch {
      return false;
    }
  });
}

async function until(holds: () => boolean, withinMs = 5_000): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (!holds() && Date.now() < end) await sleep(20);
  return holds();
}

/** A hub whose plugin is in the middle of a call that it will not finish by itself. */
async function hubInACall(plugin: string): Promise<Hub> {
  const hub = await startHub({ env: { CROSSDOCK_PLUGINS_DIR: build.folders.further ?? '' } });
  const made = await hub.api('POST', '/admin/v1/connections', { id: 'shop', plugin, name: plugin, config: {}, credentials: { webhookSecret: SECRET } });
  expect(made.status).toBe(201);
  const body = '{}';
  const headers = { 'x-signature': createHmac('sha256', SECRET).update(body).digest('base64'), 'x-delivery': 'd1', 'content-type': 'application/json' };
  const answer = await hub.api('POST', '/webhooks/shop/any', body, { token: null, headers });
  expect(answer.status).toBe(202);
  expect(await until(() => children().length === 1)).toBe(true);
  return hub;
}

describe.skipIf(process.platform !== 'linux')('the children of a hub', () => {
  it('die with it when it is killed, though they be stuck in a loop', async () => {
    const hub = await hubInACall('loop');
    await sleep(300);
    expect(children()).toHaveLength(1);
    await hub.kill();
    expect(await until(() => children().length === 0)).toBe(true);
    await hub.dispose();
  });

  it('end with it when it stops in order', async () => {
    const hub = await hubInACall('never-answers');
    expect(await hub.stop()).toBe(0);
    expect(children()).toEqual([]);
  });
});
