import { Body, Controller, Delete, Get, HttpCode, Injectable, Module, Post, Query, Res, StreamableFile } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HubError } from '../../src/core/errors/index.js';
import { RequireRole, RequireScope } from '../../src/core/governance/access.js';
import { AcceptsBody, BULK_BODY_LIMIT_BYTES } from '../../src/core/http/body-rules.js';
import { KeptAnswers } from '../../src/core/http/idempotency/kept-answers.js';
import { Database } from '../../src/core/persistence/database.js';
import { startTestApp, type Answer, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** What the handlers below are told to do, and what they wait for. */
const orders = { fail: undefined as Error | undefined, failAfter: undefined as Error | undefined, hold: undefined as Promise<void> | undefined, runs: 0 };

@Injectable()
class Counting {
  constructor(readonly database: Database) {}

  /** An effect and its number, in one transaction. */
  add(): Promise<{ number: number; at: Date }> {
    return this.database.once(async (tx) => {
      const [row] = await tx.query<{ number: number; at: Date }>('insert into counted default values returning number, at');
      return row as { number: number; at: Date };
    });
  }
}

@Controller()
class CountingController {
  constructor(private readonly counting: Counting) {}

  @Post('api/v1/counted')
  @RequireScope('stock:write')
  async add(@Body() body: { refuse?: boolean } | undefined, @Res({ passthrough: true }) reply: FastifyReply, @Query() _query: object): Promise<object> {
    orders.runs += 1;
    if (body?.refuse) throw new HubError('VALIDATION_FAILED');
    await orders.hold;
    if (orders.fail) throw orders.fail;
    const added = await this.counting.add();
    if (orders.failAfter) throw orders.failAfter;
    reply.status(added.number % 2 ? 201 : 200);
    return { ...added, body };
  }

  @Delete('admin/v1/counted')
  @RequireRole('viewer')
  @HttpCode(204)
  async remove(): Promise<void> {
    await this.counting.add();
  }

  @Post('api/v1/counted/stream')
  @AcceptsBody({ limitBytes: BULK_BODY_LIMIT_BYTES, ndjson: true })
  @RequireScope('stock:write')
  async stream(): Promise<StreamableFile> {
    const { number } = await this.counting.add();
    return new StreamableFile(Readable.from([`${number}\n`]));
  }

  @Get('api/v1/counted')
  @RequireScope('stock:write')
  count(): Promise<object[]> {
    return this.counting.database.query('select count(*) from counted');
  }
}

@Module({ controllers: [CountingController], providers: [Counting] })
class CountingModule {}

let database: TestDatabase;
/** Two replicas on one database, with one key file. */
let hubs: TestApp[];
let key: string;
let other: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), 'idempotency-'));
  const first = await startTestApp([CountingModule], { databaseUrl: database.url, dataDir });
  await first.app.get(Database).execute('create table counted (number serial primary key, at timestamptz not null default clock_timestamp())');
  hubs = [first, await startTestApp([CountingModule], { databaseUrl: database.url, dataDir }, {}, { claimed: false })];
  [key, other] = [await first.client('stock:write'), await first.client('stock:write')];
});

afterAll(async () => {
  for (const hub of hubs) await hub.stop();
  await database.drop();
});

beforeEach(async () => {
  Object.assign(orders, { fail: undefined, failAfter: undefined, hold: undefined, runs: 0 });
  await sql('truncate counted');
});

const sql = <Row>(text: string, values: unknown[] = []): Promise<Row[]> => (hubs[0] as TestApp).app.get(Database).query<Row>(text, values);
const effects = async (): Promise<number> => ((await sql<{ count: number }>('select count(*) as count from counted'))[0]?.count ?? -1);
const post = (once: string, body: unknown = {}, { replica = 0, path = '/api/v1/counted', token = key, method = 'POST', type = 'application/json' } = {}): Promise<Answer> =>
  (hubs[replica] as TestApp).call(method, path, body, { token, headers: { 'idempotency-key': once, ...(body === undefined ? {} : { 'content-type': type }) } });

/** What the process that holds the claim leaves behind when it dies: its claim, until the lease is over. */
const leaseEnds = (once: string): Promise<unknown[]> => sql(`update idempotency.request set lease_until = now() - interval '1 second' where key = $1`, [once]);

describe('a request that is sent again with its Idempotency-Key', () => {
  it('is answered with the stored answer, whatever the status, and marked as a replay', async () => {
    const first = await post('again', { a: 1 });
    const second = await post('again', { a: 1 }, { replica: 1 });
    expect(first.status).toBeGreaterThanOrEqual(200);
    expect(second).toMatchObject({ status: first.status, text: first.text });
    expect(second.headers).toMatchObject({ 'idempotency-replayed': 'true', 'content-type': first.headers['content-type'] });
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(await effects()).toBe(1);
  });

  it('keeps an answer without a body, and one of a user whatever session asks', async () => {
    const [hub] = hubs as [TestApp];
    const session = await hub.call('POST', '/admin/v1/sessions', { email: 'admin@example.test', password: 'correct horse battery' });
    for (const token of [hub.adminToken, session.body.token as string]) expect(await post('gone', undefined, { method: 'DELETE', path: '/admin/v1/counted', token })).toMatchObject({ status: 204, text: '' });
    expect(await effects()).toBe(1);
  });

  it.each([
    ['body', {}, { b: 2 }, {}],
    ['path', {}, {}, { path: '/api/v1/counted/stream' }],
    ['query', {}, {}, { path: '/api/v1/counted?x=1' }],
  ])('with another %s is refused, and nothing is done', async (what, body, otherBody, otherwise) => {
    await post(`reused ${what}`.replace(' ', '-'), body);
    expect(await post(`reused-${what}`, otherBody, otherwise)).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await effects()).toBe(1);
  });

  it('is another request when another caller sends it', async () => {
    const [mine, theirs] = [await post('same'), await post('same', {}, { token: other })];
    expect(theirs.headers['idempotency-replayed']).toBeUndefined();
    expect(mine.text).not.toBe(theirs.text);
    expect(await effects()).toBe(2);
  });

  it('is refused with 409 while the first is under way, on every replica', async () => {
    let release: () => void = () => undefined;
    orders.hold = new Promise((resolve) => (release = resolve));
    const first = post('slow');
    await expect.poll(() => orders.runs).toBe(1);
    for (const replica of [0, 1]) {
      const answer = await post('slow', {}, { replica });
      expect(answer).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_USE' }, headers: { 'retry-after': '1' } });
    }
    release();
    const { text } = await first;
    expect((await post('slow', {}, { replica: 1 })).text).toBe(text);
    expect(orders.runs).toBe(1);
  });

  it('burns no key when it was refused, and freezes no failure', async () => {
    for (const refuse of [{ refuse: true }, { refuse: true }]) expect(await post('free', refuse)).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
    expect(await post('free', {}, { token: 'cdk_nonsense' })).toMatchObject({ status: 401 });
    orders.fail = new Error('broken');
    expect(await post('free', { a: 1 })).toMatchObject({ status: 500 });
    orders.fail = undefined;
    expect((await post('free', { a: 2 })).body).toMatchObject({ body: { a: 2 } });
    expect(await effects()).toBe(1);
  });

  it('does nothing twice when it failed after its effect, and can be no other request then', async () => {
    orders.failAfter = new Error('broken');
    expect(await post('half')).toMatchObject({ status: 500 });
    expect(await post('half', { other: true })).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    orders.failAfter = undefined;
    const second = await post('half', {}, { replica: 1 });
    const [row] = await sql<{ number: number; at: Date }>('select number, at from counted');
    expect(second.body).toMatchObject({ number: row?.number, at: row?.at.toISOString() });
    expect(await effects()).toBe(1);
  });

  it('is not kept when it is answered by a stream; it is carried out again, one at a time', async () => {
    const send = (): Promise<Answer> => post('stream', '{}\n', { path: '/api/v1/counted/stream', type: 'application/x-ndjson' });
    const a = await send();
    // The key is let go after the last byte of the stream: whoever comes before that is told to come again.
    let b = await send();
    while (b.status === 409) b = await send();
    expect([a.status, b.status, b.headers['idempotency-replayed']]).toEqual([201, 201, undefined]);
  });

  it('is forgotten a day later, and then free', async () => {
    await post('old', { a: 1 });
    await sql(`update idempotency.request set expires_at = now() where key = 'old'`);
    expect(await post('old', { a: 2 })).toMatchObject({ body: { body: { a: 2 } } });
    await sql(`update idempotency.request set expires_at = now() where key = 'old'`);
    expect(await (hubs[0] as TestApp).app.get(KeptAnswers).forget(10)).toBeGreaterThan(0);
    expect(await sql(`select 1 from idempotency.step where key = 'old'`)).toEqual([]);
  });

  it.each(['a key with spaces', 'clé', 'x'.repeat(256), ''])('is refused with the key "%s"', async (once) => {
    expect(await post(Buffer.from(once).toString('latin1'))).toMatchObject({ status: 400, body: { code: 'MALFORMED_REQUEST' } });
    expect(await effects()).toBe(0);
  });
});

describe('many requests with one key', () => {
  it('have one effect and one answer, fifty at the same moment on two replicas', async () => {
    const insist = async (index: number): Promise<Answer> => {
      for (;;) {
        const answer = await post('crowd', { a: 1 }, { replica: index % 2 });
        if (answer.status !== 409) return answer;
        expect(answer.headers['retry-after']).toBe('1');
      }
    };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => insist(index)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined)).toHaveLength(1);
    expect(await effects()).toBe(1);
  });

  it('have the effects and answers that a plain model foretells, in any order of keys, bodies and failures', async () => {
    const step = fc.record({ once: fc.constantFrom('k1', 'k2', 'k3'), body: fc.constantFrom('{}', '{"a":1}', '{"refuse":true}'), replica: fc.constantFrom(0, 1), fails: fc.constantFrom('no', 'no', 'before', 'after') });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        await sql('truncate counted');
        await sql('delete from idempotency.request');
        const bound = new Map<string, { body: string; answer?: string }>();
        let expected = 0;
        for (const { once, body, replica, fails } of steps) {
          Object.assign(orders, { fail: fails === 'before' ? new Error('x') : undefined, failAfter: fails === 'after' ? new Error('x') : undefined });
          const known = bound.get(once);
          const answer = await post(once, body, { replica });
          if (known && known.body !== body) expect(answer).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
          else if (known?.answer !== undefined) expect(answer.text).toBe(known.answer);
          else if (body.includes('refuse')) expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
          else {
            if (!known && fails !== 'before') expected += 1;
            if (fails !== 'before') bound.set(once, { body, answer: fails === 'no' ? answer.text : undefined });
            expect(answer.status).toBe(fails !== 'no' ? 500 : (answer.body.number as number) % 2 ? 201 : 200);
          }
          expect(await effects()).toBe(expected);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('a process that stands still for longer than its lease', () => {
  it('can do nothing more for a request that another has taken over', async () => {
    let release: () => void = () => undefined;
    orders.hold = new Promise((resolve) => (release = resolve));
    const late = post('stalled');
    await expect.poll(() => orders.runs).toBe(1);
    orders.hold = undefined;
    await leaseEnds('stalled');
    const taken = await post('stalled', {}, { replica: 1 });
    expect(taken.status).toBeLessThan(300);
    release();
    expect(await late).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_USE' } });
    expect(await effects()).toBe(1);
    expect((await post('stalled')).text).toBe(taken.text);
  });
});

describe('a secret that is shown once', () => {
  it('is shown again to who repeats the request, and lies nowhere in clear', async () => {
    const [hub] = hubs as [TestApp];
    const create = (): Promise<Answer> => hub.call('POST', '/admin/v1/clients', { name: 'once', scopes: ['stock:read'] }, { token: hub.adminToken, headers: { 'idempotency-key': 'client-1' } });
    const [first, second] = [await create(), await create()];
    expect(second).toMatchObject({ status: 201, text: first.text });
    const kept = await sql<{ bytes: Buffer }>(`select answer as bytes from idempotency.request where key = 'client-1' union all select result from idempotency.step where key = 'client-1'`);
    expect(kept.map(({ bytes }) => [bytes.length > 100, bytes.includes(String(first.body.key).slice(20))])).toEqual([[true, false], [true, false]]);
    expect(await sql(`select 1 from governance.api_client where name = 'once'`)).toHaveLength(1);
  });

  it('is not made a second time when its answer was lost: the key that was made is the one that is answered', async () => {
    const [hub] = hubs as [TestApp];
    const create = (): Promise<Answer> => hub.call('POST', '/admin/v1/clients', { name: 'lost', scopes: ['stock:write'] }, { token: hub.adminToken, headers: { 'idempotency-key': 'client-2' } });
    const first = await create();
    // As after a crash between the commit and the answer.
    await sql(`update idempotency.request set status = null, answer = null, content_type = null, sealed_with = null, lease_until = now() where key = 'client-2'`);
    const second = await create();
    expect(second.body.key).toBe(first.body.key);
    expect(await hub.call('GET', '/api/v1/counted', undefined, { token: second.body.key as string })).toMatchObject({ status: 200 });
  });
});
