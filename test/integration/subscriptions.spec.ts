import type { SubscriptionRequest, SubscriptionResult } from '@crossdock/connector-sdk';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PLUGIN_FOLDERS } from '../../src/core/connector/registry/plugin-folders.js';
import { IntakeModule } from '../../src/core/intake/intake.module.js';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { InventoryModule } from '../../src/modules/inventory/index.js';
import { startTestApp, type Answer, type TestApp } from '../support/app.js';
import { startOutsideServer, type OutsideServer } from '../support/outside-server.js';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';

const sender = { asked: [] as SubscriptionRequest[], status: 200, answer: (request: SubscriptionRequest): SubscriptionResult[] => request.topics.map(() => ({ kind: 'created' })) };
const created = sender.answer;

let build: PluginBuild;
let outside: OutsideServer;
let hub: TestApp;
let id = '';
let run = 0;
const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-subscriptions-'));

const admin = (method: string, path: string, body?: unknown): Promise<Answer> => hub.call(method, `/admin/v1/connections${path}`, body, { token: hub.adminToken });
const seen = async (): Promise<{ topic: string; state: string | null; detail: string | null }[]> => (await admin('GET', `/${id}/subscriptions`)).body.items as never;

beforeAll(async () => {
  build = await buildPlugins('sender', 'tape');
  outside = await startOutsideServer((_request, body) => {
    const asked = body as SubscriptionRequest;
    sender.asked.push(asked);
    return { status: sender.status, body: sender.answer(asked) };
  });
  hub = await startTestApp([OrchestrationModule.forRole('all'), InventoryModule, IntakeModule], { dataDir, publicUrl: 'https://hub.example.com' }, {}, { overrides: [[PLUGIN_FOLDERS, build.folders]] });
});

beforeEach(async () => {
  id = `sender-${(run += 1)}`;
  Object.assign(sender, { asked: [], status: 200, answer: created });
  expect((await admin('POST', '', { id, plugin: 'sender', name: id, config: { host: outside.host }, allowPrivateNetwork: true })).status).toBe(201);
});

afterAll(async () => {
  await hub.stop();
  await build.remove();
  outside.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('webhook subscriptions', () => {
  it('are made when somebody wants them, at the address under which the hub is reached', async () => {
    expect((await admin('GET', `/${id}/subscriptions`)).body).toMatchObject({ address: `https://hub.example.com/webhooks/${id}`, items: [], dueAt: null });
    expect((await admin('PUT', `/${id}/subscriptions`, { topics: ['sale', 'return'] })).status).toBe(202);
    await vi.waitFor(async () => expect((await seen()).map(({ topic, state }) => [topic, state])).toEqual([['sale', 'created'], ['return', 'created']]), { timeout: 15_000 });
    expect(sender.asked).toEqual([{ address: `https://hub.example.com/webhooks/${id}`, topics: ['sale', 'return'] }]);
  });

  it('tell what became of each topic by itself', async () => {
    sender.answer = () => [{ kind: 'kept' }, { kind: 'rejected', code: 'scope', detail: 'a scope is missing' }, { kind: 'repaired', detail: 'it led elsewhere' }];
    await admin('PUT', `/${id}/subscriptions`, {});
    await vi.waitFor(async () => expect(await seen()).toMatchObject([{ topic: 'sale', state: 'kept' }, { topic: 'return', state: 'rejected', code: 'scope', detail: 'a scope is missing' }, { topic: 'count', state: 'repaired', detail: 'it led elsewhere' }]), { timeout: 15_000 });
  });

  it('are looked at again after a failure, and at once when the connection changes', async () => {
    sender.status = 503;
    await admin('PUT', `/${id}/subscriptions`, { topics: ['sale'] });
    await vi.waitFor(async () => expect((await admin('GET', `/${id}/subscriptions`)).body).toMatchObject({ failures: 1, lastError: expect.stringContaining('503') as string, items: [{ topic: 'sale', state: null }] }), { timeout: 15_000 });
    sender.status = 200;
    await admin('PATCH', `/${id}`, { name: 'mended' });
    await vi.waitFor(async () => expect((await admin('GET', `/${id}/subscriptions`)).body).toMatchObject({ failures: 0, lastError: null, items: [{ state: 'created' }] }), { timeout: 15_000 });
  });

  it('are not asked for through a connection that is off, nor after they are left alone', async () => {
    await admin('POST', `/${id}/disable`);
    await admin('PUT', `/${id}/subscriptions`, { topics: ['sale'] });
    expect((await admin('POST', `/${id}/subscriptions/check`)).status).toBe(202);
    await admin('POST', `/${id}/enable`);
    await vi.waitFor(async () => expect((await seen())[0]?.state).toBe('created'), { timeout: 15_000 });
    expect((await admin('DELETE', `/${id}/subscriptions`)).status).toBe(204);
    expect(await seen()).toEqual([]);
    expect((await admin('POST', `/${id}/subscriptions/check`)).body.code).toBe('NOT_FOUND');
  });

  it('are refused for topics that the connector does not know, for connectors that keep none, and for nobody', async () => {
    expect((await admin('PUT', `/${id}/subscriptions`, { topics: ['sale', 'price'] })).body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ pointer: '/topics/1' }] });
    expect((await admin('POST', '', { id: `tape-${run}`, plugin: 'tape', name: 'tape', config: {} })).status).toBe(201);
    expect((await admin('PUT', `/tape-${run}/subscriptions`, {})).body.code).toBe('CONFLICT');
    expect((await admin('GET', '/nobody/subscriptions')).body.code).toBe('CONNECTION_NOT_FOUND');
  });
});
