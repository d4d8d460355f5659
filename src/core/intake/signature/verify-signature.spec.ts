import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WebhookVerification } from '@crossdock/connector-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifySignature, type ReceivedHeaders } from './verify-signature.js';

const NOW_MS = Date.UTC(2026, 10, 23, 12);
const NOW_SECONDS = NOW_MS / 1_000;
const body = Buffer.from('{"id":1,"name":"Größe 42"}');
const secret = Buffer.from('correct horse battery staple');
const plain: WebhookVerification = { scheme: 'hmac', algorithm: 'sha256', encoding: 'base64', header: 'X-Signature', secret: 'webhookSecret' };

type Given = { scheme?: WebhookVerification; secrets?: readonly Buffer[]; headers?: ReceivedHeaders; body?: Buffer; deliveryId?: string; nowMs?: number };
const verdict = (given: Given): string => {
  const result = verifySignature(
    given.scheme ?? plain, given.secrets ?? [secret],
    { headers: given.headers ?? {}, body: given.body ?? body, deliveryId: given.deliveryId }, given.nowMs ?? NOW_MS);
  return result.kind === 'genuine' ? 'genuine' : result.reason;
};
const sign = (algorithm: string, encoding: 'base64' | 'hex', content: Buffer | string, key: Buffer = secret): string =>
  createHmac(algorithm, key).update(content).digest(encoding);

describe('the signature of a webhook', () => {
  for (const algorithm of ['sha1', 'sha256', 'sha512'] as const) {
    for (const encoding of ['base64', 'hex'] as const) {
      it(`is accepted for ${algorithm} in ${encoding}, and refused when one byte of the body differs`, () => {
        const scheme = { ...plain, algorithm, encoding };
        const headers = { 'x-signature': sign(algorithm, encoding, body) };
        expect(verdict({ scheme, headers })).toBe('genuine');
        const altered = Buffer.from(body);
        altered[8] = altered[8]! ^ 1;
        expect(verdict({ scheme, headers, body: altered })).toBe('forged');
      });
    }
  }

  it('never verifies where no secret is stored, not even a signature made with an empty key', () => {
    const headers = { 'x-signature': sign('sha256', 'base64', body, Buffer.alloc(0)) };
    expect(verdict({ secrets: [], headers })).toBe('no-secret');
    expect(verdict({ secrets: [Buffer.alloc(0)], headers })).toBe('no-secret');
  });

  it('is missing when the header is absent, empty or sent twice', () => {
    const good = sign('sha256', 'base64', body);
    expect(verdict({ headers: {} })).toBe('unsigned');
    expect(verdict({ headers: { 'x-signature': '' } })).toBe('unsigned');
    expect(verdict({ headers: { 'x-signature': [good, good] } })).toBe('unsigned');
    expect(verdict({ headers: { 'x-signature': `${good}, ${good}` } })).toBe('forged');
  });

  it('is refused when it is shortened, lengthened, padded with junk or in another alphabet', () => {
    const good = sign('sha256', 'base64', body);
    for (const bad of [good.slice(0, -4), `${good}AAAA`, ` ${good}`, `${good}\n`, good.replace('=', ''), good.replace(/^./, '*'), sign('sha256', 'hex', body)]) {
      expect(verdict({ headers: { 'x-signature': bad } }), bad).toBe('forged');
    }
  });

  it('needs the declared prefix', () => {
    const scheme = { ...plain, encoding: 'hex' as const, prefix: 'sha256=' };
    const good = sign('sha256', 'hex', body);
    expect(verdict({ scheme, headers: { 'x-signature': `sha256=${good}` } })).toBe('genuine');
    expect(verdict({ scheme, headers: { 'x-signature': `sha256=${good.toUpperCase()}` } })).toBe('genuine');
    expect(verdict({ scheme, headers: { 'x-signature': good } })).toBe('forged');
    expect(verdict({ scheme, headers: { 'x-signature': `sha1=${good}` } })).toBe('forged');
  });

  it('is accepted from any live secret while one is being rotated', () => {
    const next = Buffer.from('the next secret');
    const headers = { 'x-signature': sign('sha256', 'base64', body, next) };
    expect(verdict({ secrets: [secret, next], headers })).toBe('genuine');
    expect(verdict({ secrets: [next, secret], headers })).toBe('genuine');
    expect(verdict({ secrets: [secret], headers })).toBe('forged');
  });

  describe('with signed time and delivery id', () => {
    const scheme: WebhookVerification = {
      ...plain, encoding: 'hex', header: 'Webhook-Signature', signedContent: '{{deliveryId}}.{{timestamp}}.{{body}}',
      timestamp: { header: 'Webhook-Timestamp', toleranceSeconds: 300 },
    };
    const at = (seconds: number | string, deliveryId = 'd-1'): ReceivedHeaders => ({
      'webhook-timestamp': String(seconds),
      'webhook-signature': sign('sha256', 'hex', Buffer.concat([Buffer.from(`${deliveryId}.${seconds}.`), body])),
    });

    it('covers the template: text, time, delivery id and body', () => {
      expect(verdict({ scheme, headers: at(NOW_SECONDS), deliveryId: 'd-1' })).toBe('genuine');
      expect(verdict({ scheme, headers: at(NOW_SECONDS), deliveryId: 'd-2' })).toBe('forged');
      expect(verdict({ scheme, headers: { ...at(NOW_SECONDS), 'webhook-timestamp': String(NOW_SECONDS + 1) }, deliveryId: 'd-1' })).toBe('forged');
      expect(verdict({ scheme, headers: at(NOW_SECONDS) })).toBe('unsigned');
    });

    it('accepts a time up to the tolerance on either side, and not one second more', () => {
      for (const offset of [-300, 0, 300]) expect(verdict({ scheme, headers: at(NOW_SECONDS + offset), deliveryId: 'd-1' })).toBe('genuine');
      for (const offset of [-301, 301]) expect(verdict({ scheme, headers: at(NOW_SECONDS + offset), deliveryId: 'd-1' })).toBe('stale');
    });

    it('refuses a time that is missing or no number of seconds', () => {
      for (const odd of ['', 'now', '1e9', '-1', `${NOW_MS}`, `${NOW_SECONDS}.5`]) {
        expect(['stale', 'unsigned'], odd).toContain(verdict({ scheme, headers: at(odd), deliveryId: 'd-1' }));
      }
    });

    it('is refused when the manifest asks for a time that its template does not sign, or signs one that it never names', () => {
      const unsignedTime = { ...scheme, signedContent: '{{body}}' };
      expect(verdict({ scheme: unsignedTime, headers: { ...at(NOW_SECONDS), 'webhook-signature': sign('sha256', 'hex', body) }, deliveryId: 'd-1' })).toBe('misdeclared');
      const { timestamp: _timestamp, ...noTime } = scheme;
      expect(verdict({ scheme: noTime, headers: at(NOW_SECONDS), deliveryId: 'd-1' })).toBe('misdeclared');
      const noBody = { ...plain, signedContent: 'hello' };
      expect(verdict({ scheme: noBody, headers: { 'x-signature': sign('sha256', 'base64', 'hello') } })).toBe('misdeclared');
    });
  });

  it('never verifies by chance, and never throws, whatever the header says', () => {
    const good = sign('sha256', 'base64', body);
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64'))), (text) => {
      expect(verdict({ headers: { 'x-signature': text } }) === 'genuine').toBe(text === good);
    }), { numRuns: 2_000 });
  });

  it('does not take text of the body for a placeholder, nor a dollar sign for a pattern', () => {
    const tricky = Buffer.from('{{timestamp}} {{body}} $& $1');
    const scheme = { ...plain, signedContent: 'v0:{{body}}:{{body}}' };
    const headers = { 'x-signature': sign('sha256', 'base64', Buffer.concat([Buffer.from('v0:'), tricky, Buffer.from(':'), tricky])) };
    expect(verdict({ scheme, headers, body: tricky })).toBe('genuine');
  });
});

const recorded = join(process.env['CROSSDOCK_REAL_DATA'] ?? '/nonexistent', 'recorded/woocommerce/webhooks.json');

describe('deliveries recorded from WooCommerce', () => {
  const scheme: WebhookVerification = { ...plain, header: 'X-WC-Webhook-Signature' };
  const load = (): { headers: Record<string, string>; rawBody: string }[] => JSON.parse(readFileSync(recorded, 'utf8'));

  it.skipIf(!existsSync(recorded))('verify with their secret, and no longer when any single byte of the body is altered', () => {
    const signed = load().filter((delivery) => 'x-wc-webhook-signature' in delivery.headers);
    expect(signed.length).toBe(12);
    for (const delivery of signed) {
      const raw = Buffer.from(delivery.rawBody);
      const judge = (bytes: Buffer): string => verdict({ scheme, secrets: [Buffer.from('hub-secret-1')], headers: delivery.headers, body: bytes });
      expect(judge(raw)).toBe('genuine');
      for (const at of [0, raw.length >> 1, raw.length - 1]) {
        const altered = Buffer.from(raw);
        altered[at] = altered[at]! ^ 1;
        expect(judge(altered)).toBe('forged');
      }
    }
  });

  it.skipIf(!existsSync(recorded))('are refused where the shop sent its unsigned ping', () => {
    const pings = load().filter((delivery) => !('x-wc-webhook-signature' in delivery.headers));
    expect(pings.length).toBe(4);
    for (const ping of pings) {
      expect(verdict({ scheme, secrets: [Buffer.from('hub-secret-1')], headers: ping.headers, body: Buffer.from(ping.rawBody) })).toBe('unsigned');
    }
  });
});
