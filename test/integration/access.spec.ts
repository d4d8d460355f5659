import { Body, Controller, Get, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CurrentCaller, CurrentUser, RequireRole, RequireScope, type Caller, type UserCaller } from '../../src/core/governance/access.js';
import { SchemaBody } from '../../src/core/http/schema-body.js';
import { correlationId } from '../../src/core/observability/correlation.js';
import { Database } from '../../src/core/persistence/database.js';
import { newSession } from '../support/access/people.js';
import { startTestApp, type TestApp } from '../support/app.js';

const Thing = { type: 'object', required: ['name'], additionalProperties: false, properties: { name: { type: 'string' }, count: { type: 'integer' } } };

@Controller('api/v1/probe')
class ProbeController {
  @Get()
  @RequireScope('stock:read')
  read(@CurrentCaller() caller: Caller): unknown {
    return { caller, correlationId: correlationId() };
  }

  @Post()
  @RequireScope('stock:write')
  write(@Body(new SchemaBody(Thing)) body: unknown): unknown {
    return { body, correlationId: correlationId() };
  }

  @Post('switch')
  @RequireRole('operator')
  flip(@CurrentUser() user: UserCaller): unknown {
    return { user };
  }

  @Get('forgotten')
  forgotten(): string {
    return 'nobody said who may read this';
  }
}

let hub: TestApp;

beforeAll(async () => {
  hub = await startTestApp([], {}, { controllers: [ProbeController] });
});

afterAll(async () => {
  await hub.stop();
});

describe('the guard', () => {
  it('lets a client in by its scope and says who it is', async () => {
    const key = await hub.client('stock:read');
    const answer = await hub.call('GET', '/api/v1/probe', undefined, { token: key });
    expect(answer.status).toBe(200);
    expect(answer.body.caller).toMatchObject({ kind: 'client', scopes: ['stock:read'], sourceId: expect.any(Number) });
  });

  it('refuses a client without the scope, nobody, and a key that is not one', async () => {
    const key = await hub.client('stock:read');
    expect(await hub.call('POST', '/api/v1/probe', { name: 'x' }, { token: key })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(await hub.call('GET', '/api/v1/probe')).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' }, headers: { 'www-authenticate': expect.stringContaining('Bearer') } });
    expect(await hub.call('GET', '/api/v1/probe', undefined, { token: `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}` })).toMatchObject({ status: 401 });
  });

  it('lets a user in by a role, and by every role after it; others are told which one it takes', async () => {
    const as = async (role: 'viewer' | 'operator' | 'admin') => hub.call('POST', '/api/v1/probe/switch', undefined, { token: await newSession(hub.app.get(Database), role) });
    expect(await as('operator')).toMatchObject({ status: 201, body: { user: { kind: 'user', role: 'operator', email: expect.stringContaining('@'), userId: expect.any(String), sessionId: expect.any(String) } } });
    expect(await as('admin')).toMatchObject({ status: 201, body: { user: { role: 'admin' } } });
    expect(await as('viewer')).toMatchObject({ status: 403, body: { code: 'FORBIDDEN', facts: { role: 'operator' } } });
  });

  it('lets an admin session read business routes, not write them', async () => {
    expect(await hub.call('GET', '/api/v1/probe', undefined, { token: hub.adminToken })).toMatchObject({ status: 200 });
    expect(await hub.call('POST', '/api/v1/probe', { name: 'x' }, { token: hub.adminToken })).toMatchObject({ status: 403 });
  });

  it('refuses a route that says nothing about access, even for those who are known', async () => {
    expect(await hub.call('GET', '/api/v1/probe/forgotten')).toMatchObject({ status: 401 });
    expect(await hub.call('GET', '/api/v1/probe/forgotten', undefined, { token: hub.adminToken })).toMatchObject({ status: 403 });
  });

  it('refuses clients on admin routes', async () => {
    expect(await hub.call('GET', '/admin/v1/clients', undefined, { token: await hub.client('stock:read') })).toMatchObject({ status: 403 });
  });
});

describe('a request', () => {
  it('keeps a sane correlation id through its body and answers it', async () => {
    const key = await hub.client('stock:write');
    const answer = await hub.call('POST', '/api/v1/probe', { name: 'x' }, { token: key, headers: { 'x-correlation-id': 'shop-42' } });
    expect(answer).toMatchObject({ status: 201, headers: { 'x-correlation-id': 'shop-42' }, body: { correlationId: 'shop-42', body: { name: 'x' } } });
  });

  it('gets every fault of its body with a pointer', async () => {
    const key = await hub.client('stock:write');
    const answer = await hub.call('POST', '/api/v1/probe', { count: 1.5, more: 1 }, { token: key });
    expect(answer.status).toBe(422);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'VALIDATION_FAILED', instance: answer.headers['x-correlation-id'] });
    expect((answer.body.errors as { pointer: string }[]).map((error) => error.pointer).sort()).toEqual(['/count', '/more', '/name']);
  });

  it('to an unknown path is answered 404 as a problem', async () => {
    expect(await hub.call('GET', '/nothing/here')).toMatchObject({ status: 404, body: { code: 'ROUTE_NOT_FOUND', status: 404 } });
  });
});

it('answers health and metrics to anybody', async () => {
  expect(await hub.call('GET', '/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect(await hub.call('GET', '/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect((await hub.call('GET', '/metrics')).text).toContain('crossdock_http_request_duration_seconds_bucket');
});
