import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { WakeUps } from '../../src/core/orchestration/wake-ups.js';
import { Database } from '../../src/core/persistence/database.js';
import { QueueBoardModule } from '../../src/core/queue-board/queue-board.module.js';
import { redisPlace } from '../../src/core/settings/redis-place.js';
import { redisInstalled, startRedis, type RedisProcess } from '../peers/redis/redis.js';
import { newSession } from '../support/access/people.js';
import { startTestApp, type Answer, type TestApp } from '../support/app.js';

const BACKENDS = ['postgres', ...(redisInstalled ? ['redis'] : [])] as const;
if (!redisInstalled) describe.skip('the queue board with the queue in Redis', () => it('needs redis-server', () => undefined));

describe.each(BACKENDS)('the queue board with the queue in %s', (backend) => {
  let redis: RedisProcess | undefined;
  let hub: TestApp;

  beforeAll(async () => {
    redis = backend === 'redis' ? await startRedis() : undefined;
    hub = await startTestApp([OrchestrationModule.forRole('all'), QueueBoardModule], { redis: redisPlace(redis?.url) });
    // Schedulers appear once a topic is registered.
    hub.app.get(WakeUps).on('looked-at', async () => undefined, { sweepEveryMs: 3_600_000 });
  });

  afterAll(async () => {
    await hub.stop();
    await redis?.stop();
  });

  const link = async (token: string): Promise<string> => (await hub.call('POST', '/admin/v1/queues/sessions', undefined, { token })).body.path as string;
  const enter = async (token: string): Promise<string> => String((await hub.call('GET', await link(token))).headers['set-cookie']);
  const as = (cookie: string, method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> => hub.call(method, path, undefined, { headers: { cookie: cookie.split(';')[0] ?? '', ...headers } });

  it('lets a browser in by a link that is good once, with a cookie that no script and no other site can use', async () => {
    const path = await link(hub.adminToken);
    expect((await hub.call('HEAD', path)).status).toBe(200);
    const entered = await hub.call('GET', path);
    expect(entered.status).toBe(200);
    expect(String(entered.headers['set-cookie'])).toMatch(/^crossdock_queues=[\w-]+; Path=\/admin\/queues; Max-Age=3600; HttpOnly; SameSite=Strict$/);
    expect(await hub.call('GET', path)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    const page = await as(String(entered.headers['set-cookie']), 'GET', '/admin/queues');
    expect(page).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } });
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.text).toContain('<title>Crossdock</title>');
  });

  it('shows the queue and its schedule', async () => {
    const cookie = await enter(hub.adminToken);
    const answer = await as(cookie, 'GET', '/admin/queues/api/queues');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ queues: [{ name: 'wake-ups' }] });
  });

  it('keeps its page to the hub, and refuses in problem documents that the page can show', async () => {
    const cookie = await enter(hub.adminToken);
    const { text } = await as(cookie, 'GET', '/admin/queues');
    expect(text.match(/(?:src|href)="[^"]*"/g)?.filter((one) => !/"(?:static\/|\/admin\/queues\/)/.test(one))).toEqual([]);
    const unread = await hub.call('POST', '/admin/queues/api/queues/wake-ups/add', '{', { headers: { cookie: cookie.split(';')[0] ?? '', 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' } });
    expect(unread).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json; charset=utf-8' }, body: { code: 'MALFORMED_BODY', error: 'The body cannot be read' } });
    expect(await hub.call('GET', '/admin/queues/api/queues')).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED', error: 'Who is calling is not known', message: expect.stringContaining('link') } });
    for (const nothing of ['/admin/queues/static/none.js', '/admin/queues/none']) expect(await as(cookie, 'GET', nothing)).toMatchObject({ status: 404, body: { code: 'ROUTE_NOT_FOUND' } });
    expect(await as(cookie, 'GET', '/admin/queues/api/queues/wake-ups/none')).toMatchObject({ status: 404, body: { error: { key: 'ERRORS.JOB_NOT_FOUND' } } });
  });

  it('shows an admin a queue to act on, and everybody else one to look at', async () => {
    const readOnly = async (token: string): Promise<unknown> => ((await as(await enter(token), 'GET', '/admin/queues/api/queues')).body.queues as { readOnlyMode: boolean }[]).map((one) => one.readOnlyMode);
    expect(await readOnly(hub.adminToken)).toEqual([false]);
    for (const role of ['viewer', 'operator', 'integrator'] as const) expect(await readOnly(await newSession(hub.app.get(Database), role))).toEqual([true]);
  });

  it('is for nobody without a pass, and for no API client', async () => {
    expect(await hub.call('GET', '/admin/queues')).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    expect((await as('crossdock_queues=abc', 'GET', '/admin/queues/api/queues')).status).toBe(401);
    expect((await hub.call('GET', '/admin/queues', undefined, { token: await hub.client('stock:read') })).status).toBe(403);
    expect((await hub.call('POST', '/admin/v1/queues/sessions', undefined, { token: await hub.client('stock:read') })).status).toBe(403);
  });

  it('shows only, to everybody but an admin, and acts on nothing that another page sent', async () => {
    const pause = '/admin/queues/api/queues/wake-ups/pause';
    const viewer = await enter(await newSession(hub.app.get(Database), 'viewer'));
    expect((await as(viewer, 'GET', '/admin/queues/api/queues')).status).toBe(200);
    expect(await as(viewer, 'PUT', pause, { 'sec-fetch-site': 'same-origin' })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    const admin = await enter(hub.adminToken);
    expect((await as(admin, 'PUT', pause)).status).toBe(403);
    expect((await as(admin, 'PUT', pause, { origin: 'https://elsewhere.example', host: 'hub.example' })).status).toBe(403);
    expect((await as(admin, 'PUT', pause, { origin: 'https://hub.example', host: 'hub.example' })).status).toBe(200);
    expect((await as(admin, 'PUT', '/admin/queues/api/queues/wake-ups/resume', { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it('is closed at once when the session that opened it ends', async () => {
    const token = await newSession(hub.app.get(Database), 'operator');
    const cookie = await enter(token);
    expect((await as(cookie, 'GET', '/admin/queues')).status).toBe(200);
    await hub.call('DELETE', '/admin/v1/sessions/current', undefined, { token });
    expect((await as(cookie, 'GET', '/admin/queues')).status).toBe(401);
  });
});
