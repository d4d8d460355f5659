import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Public, RequireScope } from '../../src/core/governance/access.js';
import { AcceptsBody, BULK_BODY_LIMIT_BYTES } from '../../src/core/http/body-rules.js';
import { SchemaBody, SchemaQuery } from '../../src/core/http/schema-body.js';
import { startTestApp, type TestApp } from '../support/app.js';

const Anything = { type: 'object' };
const Page = { type: 'object', additionalProperties: false, properties: { after: { type: 'integer' }, limit: { type: 'integer', minimum: 1, maximum: 10, default: 5 }, item: { type: 'array', items: { type: 'string' } } } };

@Controller()
class EchoController {
  @Post('api/v1/echo')
  @RequireScope('stock:write')
  echo(@Body(new SchemaBody(Anything)) body: unknown): unknown {
    return body;
  }

  @Post('api/v1/echo/bulk')
  @AcceptsBody({ limitBytes: BULK_BODY_LIMIT_BYTES, ndjson: true })
  @RequireScope('stock:write')
  bulk(@Body() body: unknown): unknown {
    return { bytes: Buffer.isBuffer(body) ? body.length : -1 };
  }

  @Get('api/v1/echo/:id')
  @RequireScope('stock:read')
  read(@Param('id') id: string, @Query(new SchemaQuery(Page)) query: unknown): unknown {
    return { id, query };
  }

  @Post('webhooks/:connectionId')
  @HttpCode(202)
  @Public()
  deliver(@Body() body: unknown): unknown {
    return { raw: Buffer.isBuffer(body), text: Buffer.isBuffer(body) ? body.toString('latin1').slice(0, 100) : null };
  }
}

let hub: TestApp;
let key: string;
let port: number;

beforeAll(async () => {
  hub = await startTestApp([], {}, { controllers: [EchoController] }, { requestTimeoutMs: 2_000 });
  key = await hub.client('stock:write', 'stock:read');
  await hub.app.listen(0, '127.0.0.1');
  port = Number(new URL(await hub.app.getUrl()).port);
});

afterEach(async () => {
  expect(await hub.call('GET', '/health/live')).toMatchObject({ status: 200 });
});

afterAll(async () => {
  await hub.stop();
});

const post = (body: string | Buffer, headers: Record<string, string> = {}, path = '/api/v1/echo') => hub.call('POST', path, body, { token: key, headers: { 'content-type': 'application/json', ...headers } });

/** Writes bytes to the hub as they are and gives everything that comes back until the hub closes, or `patienceMs` pass. */
function raw(bytes: string | Buffer, patienceMs = 15_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    const over = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(over);
      resolve(answer);
    });
  });
}

describe('a body', () => {
  it.each([
    ['broken off', '{"a":', 400, 'MALFORMED_BODY'],
    ['NaN', '{"a":NaN}', 400, 'MALFORMED_BODY'],
    ['1e400', '{"a":1e400}', 400, 'MALFORMED_BODY'],
    ['with a key twice', '{"a":1,"a":2}', 400, 'MALFORMED_BODY'],
    ['with __proto__', '{"__proto__":{"a":1}}', 400, 'MALFORMED_BODY'],
    ['with constructor.prototype', '{"constructor":{"prototype":{"a":1}}}', 400, 'MALFORMED_BODY'],
    ['a hundred thousand levels deep', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000), 422, 'BODY_TOO_COMPLEX'],
    ['a hundred thousand brackets', '['.repeat(100_000), 422, 'BODY_TOO_COMPLEX'],
    ['with U+0000', '{"a":"\\u0000"}', 400, 'MALFORMED_BODY'],
    ['that is no object', '[]', 422, 'VALIDATION_FAILED'],
    ['that is null', 'null', 422, 'VALIDATION_FAILED'],
    ['that is empty', '', 422, 'VALIDATION_FAILED'],
  ])('%s is refused', async (_what, body, status, code) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status, body: { code, status } });
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('in UTF-16, Latin-1 or compressed is refused', async () => {
    expect(await post(Buffer.from('{"a":1}', 'utf16le'))).toMatchObject({ status: 400 });
    expect(await post(Buffer.from('{"a":"\xe9"}', 'latin1'))).toMatchObject({ status: 400 });
    expect(await post(Buffer.from('{"a":1}'), { 'content-type': 'application/json; charset=utf-16' })).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    expect(await post(gzipSync('{"a":1}'), { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 });
  });

  it.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'application/x-ndjson', 'application/json; charset=', 'json', 'application/jsonp', ''])('of type "%s" is refused', async (type) => {
    expect(await post('{"a":1}', { 'content-type': type })).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
  });

  it('in UTF-8 is taken with and without saying so', async () => {
    expect(await post('{"a":"é"}')).toMatchObject({ status: 201, body: { a: 'é' } });
    expect(await post('{"a":"é"}', { 'content-type': 'Application/JSON; charset="UTF-8"' })).toMatchObject({ status: 201 });
  });

  it('of more than 1 MB is refused by its length alone, and one that does not say its length while it is read', async () => {
    expect(await post(Buffer.alloc(1_048_577, 0x20))).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
    const head = `POST /api/v1/echo HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n`;
    expect(await raw(`${head}content-length: 52428800\r\n\r\n{"a":"`)).toMatch(/^HTTP\/1\.1 413 [^]*connection: close[^]*BODY_TOO_LARGE/i);
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    expect(await raw(`${head}transfer-encoding: chunked\r\n\r\n${chunk.repeat(17)}`)).toMatch(/^HTTP\/1\.1 413 [^]*BODY_TOO_LARGE/);
  });

  it('of 50 MB is refused without being kept, whoever sends it', async () => {
    const before = process.memoryUsage().rss;
    const body = Buffer.alloc(50 * 1_048_576, 0x20);
    expect(await post(body)).toMatchObject({ status: 413 });
    expect(await hub.call('POST', '/api/v1/echo', body, { headers: { 'content-type': 'application/json' } })).toMatchObject({ status: 401 });
    expect(await hub.call('POST', '/webhooks/shop', body)).toMatchObject({ status: 413 });
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1_048_576);
  });

  it('that is large is not read for somebody who has not said who they are', async () => {
    const large = JSON.stringify({ a: 'x'.repeat(20_000) });
    expect(await hub.call('POST', '/api/v1/echo', large, { headers: { 'content-type': 'application/json' } })).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    expect(await hub.call('POST', '/admin/v1/setup', large, { headers: { 'content-type': 'application/json' } })).toMatchObject({ status: 401 });
    expect(await post(large)).toMatchObject({ status: 201 });
  });

  it('of NDJSON, and of up to 8 MB, is taken where the route says so and nowhere else', async () => {
    const lines = Buffer.alloc(5 * 1_048_576, '{"a":1}\n');
    expect(await post(lines, { 'content-type': 'application/x-ndjson' }, '/api/v1/echo/bulk')).toMatchObject({ status: 201, body: { bytes: lines.length } });
    expect(await post(Buffer.alloc(BULK_BODY_LIMIT_BYTES + 1), { 'content-type': 'application/x-ndjson' }, '/api/v1/echo/bulk')).toMatchObject({ status: 413 });
  });
});

describe('a delivery', () => {
  it('reaches its controller as raw bytes, whatever its type or sense', async () => {
    for (const type of ['application/json', 'application/json; charset=utf-8', 'text/xml', 'application/x-www-form-urlencoded', 'vendor/anything; v=2']) {
      const answer = await hub.call('POST', '/webhooks/shop', '{"a":1,"a":', { headers: { 'content-type': type } });
      expect(answer).toMatchObject({ status: 202, body: { raw: true, text: '{"a":1,"a":' } });
    }
  });

  it('without a content type still reaches it', async () => {
    const answer = await raw('POST /webhooks/shop HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc');
    expect(answer).toMatch(/^HTTP\/1\.1 202 [^]*"text":"abc"/);
  });

  it('of more than 2 MB is refused', async () => {
    expect(await hub.call('POST', '/webhooks/shop', Buffer.alloc(2 * 1_048_576))).toMatchObject({ status: 202 });
    expect(await hub.call('POST', '/webhooks/shop', Buffer.alloc(2 * 1_048_576 + 1))).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
  });
});

describe('a path or query', () => {
  const read = (path: string) => hub.call('GET', path, undefined, { token: key });

  it.each(['/api/v1/echo/%ff', '/api/v1/echo/%', '/api/v1/echo/%zz', '/api/v1/echo/a%00b', '/api/v1/echo/a?item=%00', `/api/v1/echo/${'x'.repeat(600)}`])('%s is refused', async (path) => {
    const answer = await read(path);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body).toMatchObject({ code: expect.any(String), instance: answer.headers['x-correlation-id'] });
  });

  it.each(['/admin/v1/../v1/clients', '/admin/v1/clients/', '//admin/v1/clients', '/ADMIN/v1/clients', '/admin/v1/clients;x=1', '/admin/v1/%63lients', '/./admin/v1/clients', '/public/..%2fadmin/v1/clients', '/health/live/../../admin/v1/clients', '/admin%2fv1%2fclients'])('%s opens nothing to a client', async (path) => {
    expect((await read(path)).status).toBeGreaterThanOrEqual(400);
  });

  it('is converted to what its schema says, and refused with its name where it cannot be', async () => {
    expect(await read('/api/v1/echo/a%2Fb?limit=7&item=x')).toMatchObject({ status: 200, body: { id: 'a/b', query: { limit: 7, item: ['x'] } } });
    expect(await read('/api/v1/echo/a?item=x&item=y')).toMatchObject({ status: 200, body: { query: { limit: 5, item: ['x', 'y'] } } });
    expect(await read('/api/v1/echo/a?limit=99')).toMatchObject({ status: 422, body: { errors: [{ pointer: '?limit' }] } });
    for (const after of ['1e400', '-1e400', '9'.repeat(400), '9007199254740993', 'NaN', 'Infinity', '']) expect(await read(`/api/v1/echo/a?after=${after}`)).toMatchObject({ status: 422, body: { errors: [{ pointer: '?after' }] } });
    expect(await read('/api/v1/echo/a?__proto__[x]=1')).toMatchObject({ status: 422 });
    expect(await read('/api/v1/echo/a?constructor=1')).toMatchObject({ status: 422 });
  });

  it('that is not percent-encoded UTF-8 is refused with the parameter that is not', async () => {
    for (const value of ['%ff', '%e9', '%', '%00']) expect(await read(`/api/v1/echo/a?limit=3&item=${value}`)).toMatchObject({ status: 400, body: { code: 'MALFORMED_REQUEST', errors: [{ pointer: '?item' }] } });
    expect(await raw('GET /api/v1/echo/a?item=\xc3\xa9 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*MALFORMED_REQUEST/);
    expect(await read('/api/v1/echo/a?item=%C3%A9+b')).toMatchObject({ status: 200, body: { query: { item: ['é b'] } } });
  });

  it('in absolute form is routed as any other', async () => {
    expect(await raw('GET http://elsewhere/admin/v1/clients HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 401 /);
    expect(await raw('GET *admin/v1/clients HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(await raw('OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 4\d\d /);
  });
});

describe('a connection', () => {
  it('that speaks no HTTP gets a problem and is closed', async () => {
    expect(await raw('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*MALFORMED_REQUEST/);
    expect(await raw(`GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 [^]*x-content-type-options: nosniff[^]*problem\+json[^]*"status":431[^]*REQUEST_HEAD_TOO_LARGE/);
    expect(await raw(`GET /${'y'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 [^]*REQUEST_HEAD_TOO_LARGE/);
    expect(await raw('GET /health/live HTTP/1.1\r\nhost: x\r\nexpect: 200-ok\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    for (const start of ['BREW /coffee HTTP/1.1', 'GET / HTTP/9.9', 'get / HTTP/1.1', '\x16\x03\x01\x02']) expect(await raw(`${start}\r\nhost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 [^]*problem\+json[^]*MALFORMED_REQUEST/);
  });

  it('with two lengths, or a length and chunks, is refused: no request is smuggled', async () => {
    const head = 'POST /webhooks/shop HTTP/1.1\r\nhost: x\r\n';
    expect(await raw(`${head}content-length: 3\r\ncontent-length: 5\r\n\r\nabcde`)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(`${head}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /health/live HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 (?![^]*HTTP\/1\.1 200)/);
  });

  it('that says twice who calls, or how the body is to be read, is refused', async () => {
    const twice = (lines: string): Promise<string> => raw(`POST /api/v1/echo HTTP/1.1\r\nhost: x\r\n${lines}content-length: 2\r\nconnection: close\r\n\r\n{}`);
    const good = `authorization: Bearer ${key}\r\ncontent-type: application/json\r\n`;
    expect(await twice(good)).toMatch(/^HTTP\/1\.1 201 /);
    for (const again of ['Authorization: Bearer x', 'authorization: Basic eDp5', 'Content-Type: application/json', 'idempotency-key: a\r\nIdempotency-Key: a']) expect(await twice(`${good}${again}\r\n`)).toMatch(/^HTTP\/1\.1 400 [^]*MALFORMED_REQUEST/);
  });

  it('that sends too slowly, or stops in the middle of its headers or body, is given up', async () => {
    expect(await raw('POST /webhooks/shop HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc')).toMatch(/^HTTP\/1\.1 408 [^]*REQUEST_TIMEOUT/);
    expect(await raw('GET /health/live HTTP/1.1\r\nhost: x\r\nx-slow: ')).toMatch(/^HTTP\/1\.1 408 [^]*REQUEST_TIMEOUT/);
  });

  it('that goes away while its body is read harms nobody', async () => {
    await Promise.all(Array.from({ length: 20 }, () => raw(`POST /webhooks/shop HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(5_000)}`, 20)));
    expect(await hub.call('GET', '/health/ready')).toMatchObject({ status: 200 });
  });
});

it('never takes a token from anywhere but one Authorization header', async () => {
  for (const authorization of [key, `Basic ${key}`, `Bearer  ${key}`, `Bearer ${key} `, `Bearer ${key},Bearer ${key}`, 'Bearer ', `Bearer ${'x'.repeat(5_000)}`]) {
    const status = (await hub.call('GET', '/api/v1/echo/a', undefined, { headers: { authorization } })).status;
    // Node trims the header's value, so a trailing space is none.
    expect([authorization, status]).toEqual([authorization, authorization === `Bearer ${key} ` ? expect.any(Number) : 401]);
  }
  expect(await hub.call('GET', `/api/v1/echo/a?access_token=${key}`)).toMatchObject({ status: 401 });
  expect(await hub.call('GET', '/api/v1/echo/a', undefined, { headers: { cookie: `token=${key}` } })).toMatchObject({ status: 401 });
});
