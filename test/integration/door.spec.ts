import { Body, Controller, Get, Post, type LoggerService } from '@nestjs/common';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Public } from '../../src/core/governance/access.js';
import { correlationId } from '../../src/core/observability/correlation.js';
import { Draining } from '../../src/core/observability/draining.js';
import { Metrics } from '../../src/core/observability/metrics.js';
import { startTestApp, type TestApp } from '../support/app.js';

let release: () => void = () => undefined;
let waiting = false;

@Public()
@Controller('probe')
class ProbeController {
  @Get('bug')
  bug(): never {
    throw Object.assign(new TypeError('secret-detail of postgres://hub:pw@db/x'), { response: 'secret-detail' });
  }

  @Get('odd')
  odd(): never {
    throw 'a string, not an error';
  }

  @Get('slow')
  async slow(): Promise<string> {
    waiting = true;
    await new Promise<void>((resolve) => (release = resolve));
    return `done as ${correlationId()}`;
  }

  @Post('body')
  body(@Body() body: unknown): unknown {
    return body;
  }
}

let hub: TestApp;
afterEach(() => hub.stop());

const start = async (...given: Parameters<typeof startTestApp>): Promise<void> => {
  hub = await startTestApp(given[0], given[1], { controllers: [ProbeController] }, given[3]);
};

describe('an unexpected fault', () => {
  it('is answered 500 with nothing of itself, and logged with the correlation id', async () => {
    await start();
    const logged: unknown[][] = [];
    const log = (...entry: unknown[]): void => void logged.push(entry);
    hub.app.useLogger({ log, warn: log, error: log, debug: log, verbose: log, fatal: log } satisfies LoggerService);
    for (const path of ['/probe/bug', '/probe/odd']) {
      const answer = await hub.call('GET', path, undefined, { headers: { 'x-correlation-id': 'bug-1' } });
      expect(answer.body).toEqual({ type: '/docs/errors#INTERNAL', title: 'Unexpected fault', status: 500, instance: 'bug-1', code: 'INTERNAL' });
    }
    expect(logged).toHaveLength(2);
    expect(logged[0]?.[0]).toMatchObject({ correlationId: 'bug-1', route: '/probe/bug', err: { code: 'INTERNAL', cause: { message: expect.stringContaining('secret-detail') } } });
  });
});

describe('every answer', () => {
  it('carries the security headers and a correlation id, refusals too', async () => {
    await start();
    for (const [method, path] of [['GET', '/health/live'], ['GET', '/nowhere'], ['GET', '/probe/bug'], ['POST', '/admin/v1/setup'], ['GET', '/admin/v1/%ff']] as const) {
      const { headers } = await hub.call(method, path);
      expect([path, headers['x-correlation-id']]).toEqual([path, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
      expect([path, headers]).toEqual([path, expect.objectContaining({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'content-security-policy': expect.stringContaining("default-src 'none'") })]);
    }
  });

  it('of the documentation pages works without the internet and lets only the hub\'s own scripts run', async () => {
    await start();
    expect(await hub.call('GET', '/')).toMatchObject({ status: 302, headers: { location: 'docs' } });
    const page = await hub.call('GET', '/docs');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.text).not.toMatch(/https?:\/\//);
    for (const [, asset] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) expect([asset, (await hub.call('GET', asset as string)).status]).toEqual([asset, 200]);
    expect((await hub.call('GET', '/docs/errors')).text).toContain('id="INSUFFICIENT_STOCK"');
    for (const name of ['package.json', '..%2fpackage.json', '%2e%2e%2fpackage.json', '__proto__', 'constructor']) expect(await hub.call('GET', `/docs/assets/${name}`)).toMatchObject({ status: 404 });
  });
});

describe('metrics', () => {
  it('count by the route\'s pattern, never by what callers write', async () => {
    await start();
    for (let index = 0; index < 20; index += 1) {
      await hub.call('GET', `/nowhere/${index}`);
      await hub.call('GET', `/admin/v1/clients/${index}`);
    }
    const { text } = await hub.call('GET', '/metrics');
    const counts = [...text.matchAll(/^crossdock_http_request_duration_seconds_count\{(.*)\} (\d+)$/gm)].map(([, labels, count]) => `${labels} ${count}`);
    expect(counts).toContain('method="GET",route="none",status="404" 20');
    expect(counts).toContain('method="GET",route="/admin/v1/clients/:id",status="401" 20');
    expect(text).not.toContain('/nowhere');
    expect(text).toContain('crossdock_nodejs_eventloop_lag_seconds');
  });

  it('asked for twice by name are the same', async () => {
    await start();
    const metrics = hub.app.get(Metrics);
    metrics.counter({ name: 'probe_total', help: 'Counts probes.', labels: ['kind'] }).inc({ kind: 'a' });
    metrics.counter({ name: 'probe_total', help: 'Counts probes.', labels: ['kind'] }).inc({ kind: 'a' });
    metrics.gauge({ name: 'probe_depth', help: 'How deep.', collect: (gauge) => gauge.set(7) });
    const { text } = await hub.call('GET', '/metrics');
    expect(text).toContain('probe_total{kind="a"} 2');
    expect(text).toContain('probe_depth 7');
  });
});

describe('a worker', () => {
  it('answers for its health and metrics, and nothing else', async () => {
    await start([], { role: 'worker' }, undefined, { claimed: false });
    for (const path of ['/health/live', '/health/ready', '/metrics']) expect([path, (await hub.call('GET', path)).status]).toEqual([path, 200]);
    for (const path of ['/admin/v1/clients', '/docs', '/openapi.json', '/probe/bug']) expect(await hub.call('GET', path)).toMatchObject({ status: 404, body: { code: 'ROUTE_NOT_FOUND' } });
  });
});

describe('a hub that stops', () => {
  it('ends what it has begun and refuses what comes after with 503 on the same connection', async () => {
    await start();
    await hub.app.listen(0, '127.0.0.1');
    const socket = connect(Number(new URL(await hub.app.getUrl()).port), '127.0.0.1');
    let answers = '';
    const over = new Promise((resolve) => socket.on('data', (chunk) => (answers += chunk.toString())).on('close', resolve));
    socket.write('GET /probe/slow HTTP/1.1\r\nhost: x\r\nx-correlation-id: slow-1\r\n\r\n');
    await expect.poll(() => waiting).toBe(true);
    const closed = hub.app.close();
    await expect.poll(() => hub.app.get(Draining).active).toBe(true);
    socket.write('GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 300));
    release();
    await Promise.all([closed, over]);
    expect(answers).toMatch(/^HTTP\/1\.1 200 OK[^]*done as slow-1/);
    expect(answers).toMatch(/HTTP\/1\.1 503 [^]*retry-after: 5[^]*SHUTTING_DOWN/);
  });
});
