import { readFileSync } from 'node:fs';
import type { CanonicalEvent, ParseResult, Delivery } from '@crossdock/connector-sdk';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import manifest from '../../src/plugins/shopify/manifest.json' with { type: 'json' };
import { parseDeliveries } from '../../src/plugins/shopify/mapping/parse-deliveries.js';
import { ABSENT, documentedPayloads, exemplars, webhookSchema } from './shopify/real-data.js';

const CONFIG = { shopUrl: 'https://example.myshopify.com', locationId: '111', linesWithoutVariant: 'sku' } as const;
const TOPICS = manifest.webhooks.topics;
const FIXTURES: readonly (readonly [file: string, topic: string])[] = [
  ['order-create', 'orders/create'],
  ['order-cancelled', 'orders/cancelled'],
  ['refund-create', 'refunds/create'],
  ['inventory-level-update', 'inventory_levels/update'],
];
const DAY = '2026-11-20T12:00:00Z';

function delivery(topic: string, body: string): Delivery {
  return { deliveryId: 'd', topic, body, headers: { 'x-shopify-topic': topic }, receivedAt: DAY };
}

function parse(topic: string, body: string): ParseResult {
  const [result] = parseDeliveries(CONFIG, [delivery(topic, body)]);
  if (result === undefined) throw new Error('no answer');
  return result;
}

function fixture(file: string): string {
  return readFileSync(new URL(`../../src/plugins/shopify/fixtures/${file}.json`, import.meta.url), 'utf8');
}

/** What any event must be, whatever it was read from. */
function expectSane(event: CanonicalEvent): void {
  expect(event.eventId).toMatch(event.kind === 'StockMoved' ? /^(order|refund)\/\d+$/ : /^inventory-level\/\d+\/\d+\/[\dT:.Z-]+\/-?\d+$/);
  expect(event.location).toEqual({ type: 'location', id: expect.stringMatching(/^\d+$/) });
  expect(['variant', 'inventory-item', 'sku']).toContain(event.item.type);
  expect(event.item.id).not.toBe('');
  expect(Number.isSafeInteger(event.quantity)).toBe(true);
  const at = event.kind === 'StockMoved' ? event.occurredAt : event.asOf;
  expect(new Date(at).toISOString()).toBe(at);
  if (event.kind === 'StockMoved') {
    expect(event.quantity).toBeGreaterThan(0);
    expect(event.line).toMatch(/^\d+$/);
    expect(event.movement).toBe(event.eventId.startsWith('order/') ? 'sale' : 'return');
  }
}

describe.skipIf(ABSENT)(`Shopify's own payloads${ABSENT === undefined ? '' : ` (skipped: ${ABSENT})`}`, () => {
  const documented = documentedPayloads();
  const real = exemplars();

  it('are there: documented examples of many topics, and real deliveries of several API versions', () => {
    expect(documented.length).toBeGreaterThanOrEqual(69);
    expect(real.length).toBeGreaterThanOrEqual(41);
    expect(TOPICS.every((topic) => documented.some((payload) => payload.topic === topic))).toBe(true);
  });

  it.each([...documented, ...real].map((payload) => [payload.name, payload] as const))('%s is read, or ignored for a stated reason', (_name, { topic, body }) => {
    const result = parse(topic, body);
    // The exemplars' folder "orders" also holds a risk assessment, which no subscription to orders/create delivers.
    const isOrder = !topic.startsWith('orders/') || body.includes('"line_items"');
    if (TOPICS.includes(topic) && isOrder) expect(result.kind).not.toBe('failed');
    if (!TOPICS.includes(topic)) expect(result).toEqual({ kind: 'ignored', reason: `topic ${topic} tells nothing of stock` });
    if (result.kind === 'events') result.events.forEach(expectSane);
    else expect(result.reason).not.toBe('');
  });

  it('give sales for every real order, at whatever API version it was delivered', () => {
    const orders = real.filter((payload) => payload.noun === 'orders' && payload.body.includes('"line_items"'));
    expect(orders.length).toBeGreaterThanOrEqual(6);
    for (const order of orders) {
      const { line_items: lines } = JSON.parse(order.body) as { line_items: unknown[] };
      for (const topic of ['orders/create', 'orders/cancelled']) {
        const result = parse(topic, order.body);
        expect(result.kind === 'events' ? result.events.length : result).toBe(lines.length);
      }
    }
  });

  it('give the sales of the documented order, once it is no test order any more', () => {
    const sample = documented.find((payload) => payload.topic === 'orders/create');
    const order = { ...(JSON.parse(sample?.body ?? '{}') as Record<string, unknown>), test: false };
    const result = parse('orders/create', JSON.stringify(order));
    expect(result.kind === 'events' ? result.events.map((event) => event.item.id) : result).toEqual(['SKU2006-001', 'LENS-PROTECT-2YR', 'CASE-LEATHER-PREM', 'SKU2006-020', 'SKU2006-035']);
  });

  it('are read whether or not they satisfy the vendor’s own schema, which eight documented ones do not', () => {
    const ajv = addFormats.default(new Ajv2020({ strict: false }));
    const invalid = documented.filter((payload) => ajv.validate(webhookSchema(payload.topic), JSON.parse(payload.body)) === false);
    expect(invalid.map((payload) => payload.topic).filter((topic) => TOPICS.includes(topic))).toEqual(['inventory_levels/update']);
    expect(invalid).toHaveLength(8);
    expect(parse('inventory_levels/update', invalid.find((payload) => payload.topic === 'inventory_levels/update')?.body ?? '')).toEqual({ kind: 'ignored', reason: 'an empty body tells nothing' });
  });

  it.each(FIXTURES)('the fixture %s has what the vendor’s schema of %s says of the fields it carries', (file, topic) => {
    const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true, validateFormats: false }));
    const validate = ajv.compile(withoutRequired(webhookSchema(topic)));
    validate(JSON.parse(fixture(file)));
    expect(validate.errors ?? []).toEqual([]);
  });
});

/** The schemas were inferred from one example each, so every field of it is required and an empty list may hold nothing. */
function withoutRequired(schema: unknown): Record<string, unknown> {
  const loosen = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(loosen);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).filter(([key, value]) => key !== 'required' && !(key === 'items' && value === false)).map(([key, value]) => [key, loosen(value)]));
  };
  return loosen(schema) as Record<string, unknown>;
}

describe('hostile payloads', () => {
  const good = FIXTURES.map(([file, topic]) => delivery(topic, fixture(file)));
  const wanted = parseDeliveries(CONFIG, good);

  it('altered bytes never throw and never touch the other deliveries of the batch', () => {
    const alteration = fc.record({ which: fc.nat(FIXTURES.length - 1), at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(8), put: fc.string({ unit: 'binary', maxLength: 8 }) });
    fc.assert(
      fc.property(fc.array(alteration, { minLength: 1, maxLength: 6 }), (alterations) => {
        const bodies = good.map((one) => one.body);
        for (const { which, at, cut, put } of alterations) {
          const body = bodies[which] ?? '';
          const from = Math.floor(at * body.length);
          bodies[which] = body.slice(0, from) + put + body.slice(from + cut);
        }
        const results = parseDeliveries(CONFIG, good.map((one, index) => ({ ...one, body: bodies[index] ?? '' })));
        expect(results).toHaveLength(good.length);
        results.forEach((result, index) => {
          if (bodies[index] === good[index]?.body) expect(result).toEqual(wanted[index]);
          else if (result.kind === 'events') result.events.forEach(expectSane);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('values of any other type, anywhere in the payload, give sane events or a failure with a reason', () => {
    const replacement = fc.oneof(
      fc.constantFrom(null, true, -1, 0, 1.5, 1e308, '', '0', 'NaN', '__proto__', [], {}, [null], 'x'.repeat(10_000)),
      fc.jsonValue(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }).map((value) => `\u0001${value}`),
    );
    fc.assert(
      fc.property(fc.nat(FIXTURES.length - 1), fc.nat(), replacement, (which, position, value) => {
        const [file, topic] = FIXTURES[which] ?? ['', ''];
        const result = parse(topic, replaceNth(fixture(file), position, value));
        if (result.kind === 'events') result.events.forEach(expectSane);
        else expect(result.reason).not.toBe('');
      }),
      { numRuns: 3_000 },
    );
  });

  it('are read without a trace on Object.prototype', () => {
    const result = parse('orders/create', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"id":1,"line_items":[],"created_at":"2026-11-20T10:00:00Z"}');
    expect(result).toEqual({ kind: 'ignored', reason: 'an order without lines' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

/** Puts `value` in place of the n-th value of the document, counted in depth; a text that begins with \u0001 becomes a bare number. */
function replaceNth(text: string, position: number, value: unknown): string {
  const count = countValues(JSON.parse(text));
  let left = position % count;
  const swap = (node: unknown): unknown => {
    if (left-- === 0) return value;
    if (Array.isArray(node)) return node.map(swap);
    if (typeof node === 'object' && node !== null) return Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, swap(inner)]));
    return node;
  };
  return JSON.stringify(swap(JSON.parse(text))).replace(/"\\u0001(\d+)"/, '$1');
}

function countValues(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 1;
  return Object.values(node).reduce<number>((sum, inner) => sum + countValues(inner), 1);
}
