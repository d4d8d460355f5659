import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moved, SECRET, sign, startIntakeApp, type IntakeApp } from '../support/intake.js';

let hub: IntakeApp;

beforeAll(async () => {
  hub = await startIntakeApp();
});
afterAll(() => hub.stop());

const stored = async (): Promise<number> => (await hub.db.query<{ count: number }>('select count(*) as count from intake.delivery_key'))[0]?.count ?? NaN;
const body = Buffer.from(JSON.stringify({ events: [moved()] }));

describe('the door for webhooks', () => {
  it('answers 202 once the delivery is committed, with its bytes, topic and headers', async () => {
    const odd = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]);
    const answer = await hub.send(odd, { id: 'd-odd', topic: 'other', headers: { 'user-agent': 'tape/1', 'x-tape-extra': 'yes', 'x-correlation-id': 'trace-7', authorization: 'Bearer canary' } });
    expect([answer.status, answer.body]).toEqual([202, { status: 'accepted' }]);
    const [row] = await hub.db.query('select source_id, sender_key, topic, headers, correlation_id, body from intake.delivery where sender_key = $1', ['d-odd']);
    expect(row).toMatchObject({ source_id: hub.sources['tape-1'], topic: 'other', correlation_id: 'trace-7' });
    expect((row as { body: Buffer }).body.equals(odd)).toBe(true);
    expect((row as { headers: object }).headers).toEqual({ 'user-agent': 'tape/1', 'content-type': 'application/json', 'x-tape-delivery': 'd-odd', 'x-tape-topic': 'other', 'x-tape-extra': 'yes' });
  });

  it('answers a repeated delivery 202 as well and keeps it once, however many come at the same time', async () => {
    const before = await stored();
    const answers = await Promise.all(Array.from({ length: 40 }, () => hub.send(body, { id: 'd-repeated' })));
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(202));
    expect(answers.filter(({ body: { status } }) => status === 'accepted').length).toBe(1);
    expect((await hub.send(body, { id: 'd-repeated' })).body).toEqual({ status: 'duplicate' });
    expect(await stored()).toBe(before + 1);
  });

  it('keeps deliveries of the same id apart when they come from different connections', async () => {
    expect((await hub.send(body, { id: 'd-same' })).body).toEqual({ status: 'accepted' });
    expect((await hub.send(body, { id: 'd-same', connection: 'tape-2' })).body).toEqual({ status: 'accepted' });
  });

  it('derives the id from topic and body where the sender gives none', async () => {
    const bare = { headers: { 'x-tape-delivery': '' } };
    expect((await hub.send('{"ignore":"n1"}', bare)).body).toEqual({ status: 'accepted' });
    expect((await hub.send('{"ignore":"n1"}', bare)).body).toEqual({ status: 'duplicate' });
    expect((await hub.send('{"ignore":"n2"}', bare)).body).toEqual({ status: 'accepted' });
    expect((await hub.send('{"ignore":"n1"}', { ...bare, topic: 'other' })).body).toEqual({ status: 'accepted' });
  });

  it('refuses what is unsigned, forged or altered, and stores nothing of it', async () => {
    const before = await stored();
    const altered = Buffer.from(body);
    altered[3] = altered[3]! ^ 1;
    const refusals = await Promise.all([
      hub.send(body, { headers: { 'x-tape-hmac': '' } }),
      hub.send(body, { secret: 'another secret' }),
      hub.send(altered, { headers: { 'x-tape-hmac': sign(body) } }),
      hub.send('{not json', { secret: 'another secret' }),
      hub.send(Buffer.alloc(0), { headers: { 'x-tape-hmac': sign(body) } }),
    ]);
    expect(refusals.map((answer) => [answer.status, answer.body.code])).toEqual(Array(5).fill([401, 'WEBHOOK_SIGNATURE_INVALID']));
    expect(refusals[0]?.headers['content-type']).toContain('application/problem+json');
    expect(await stored()).toBe(before);
  });

  it('is closed while no secret is stored, even to a signature made with an empty key', async () => {
    await hub.connect('bare', { secret: '' });
    for (const key of ['', SECRET]) {
      const answer = await hub.send(body, { connection: 'bare', headers: { 'x-tape-hmac': createHmac('sha256', key).update(body).digest('base64') } });
      expect([answer.status, answer.body.code]).toEqual([401, 'WEBHOOK_SIGNATURE_INVALID']);
    }
  });

  it('accepts the old and the new secret while one is being rotated', async () => {
    await hub.connect('rotating', { secret: 'the old one' });
    await hub.admin('PUT', '/connections/rotating/credentials', { credentials: { webhookSecret: 'the new one' }, keepPreviousForSeconds: 60 });
    expect((await hub.send(body, { connection: 'rotating', secret: 'the old one' })).status).toBe(202);
    expect((await hub.send(body, { connection: 'rotating', secret: 'the new one' })).status).toBe(202);
    expect((await hub.send(body, { connection: 'rotating', secret: SECRET })).status).toBe(401);
  });

  it('answers 404 for a connection that does not exist', async () => {
    const answer = await hub.send(body, { connection: 'nobody' });
    expect([answer.status, answer.body.code]).toEqual([404, 'CONNECTION_NOT_FOUND']);
  });

  it('tells only who can sign that a connection is switched off, and stores nothing then', async () => {
    await hub.connect('off');
    await hub.admin('POST', '/connections/off/disable');
    const before = await stored();
    expect((await hub.send(body, { connection: 'off', secret: 'wrong' })).status).toBe(401);
    const answer = await hub.send(body, { connection: 'off' });
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([409, 'CONNECTION_DISABLED', '300']);
    expect(await stored()).toBe(before);
  });

  it('refuses a topic that cannot be one', async () => {
    const answer = await hub.send(body, { topic: 'orders/../..%00 x' });
    expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED']);
    const path = await hub.call('POST', '/webhooks/tape-1/a%00b', body, { headers: { 'content-type': 'application/json', 'x-tape-hmac': sign(body) } });
    expect(path.status).toBeGreaterThanOrEqual(400);
    expect(path.status).toBeLessThan(500);
  });

  it('takes the topic from the address where no header names it', async () => {
    const answer = await hub.call('POST', '/webhooks/tape-1/other', body, { headers: { 'content-type': 'text/plain', 'x-tape-hmac': sign(body), 'x-tape-delivery': 'd-path' } });
    expect(answer.status).toBe(202);
    expect(await hub.db.query(`select topic from intake.delivery where sender_key = 'd-path'`)).toEqual([{ topic: 'other' }]);
  });

  it('counts what it received and what it refused', async () => {
    const text = (await hub.call('GET', '/metrics')).text;
    expect(text).toMatch(/crossdock_intake_deliveries_total\{result="accepted"\} [1-9]/);
    expect(text).toMatch(/crossdock_intake_deliveries_total\{result="duplicate"\} [1-9]/);
    for (const reason of ['forged', 'unsigned', 'no-secret', 'unknown-connection', 'disabled', 'malformed']) expect(text).toMatch(new RegExp(`crossdock_intake_refused_total\\{reason="${reason}"\\} [1-9]`));
    expect(text).toMatch(/crossdock_intake_backlog_deliveries \d/);
    expect(text).toMatch(/crossdock_intake_oldest_seconds \d/);
  });
});
