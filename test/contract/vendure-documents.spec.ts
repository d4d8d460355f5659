import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildClientSchema, getIntrospectionQuery, type GraphQLSchema, type IntrospectionQuery, NoDeprecatedCustomRule, parse, specifiedRules, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge } from '../../src/plugins/vendure/client/answer.js';
import { DOCUMENTS } from '../../src/plugins/vendure/client/documents.js';
import { shelvesOf } from '../../src/plugins/vendure/client/shelf.js';
import { ABSENT, startVendure, type Vendure } from '../peers/vendure/vendure.js';

const because = (absent: string | undefined): string => (absent === undefined ? '' : ` (skipped: ${absent})`);

let vendure: Vendure;

beforeAll(async () => {
  if (ABSENT === undefined) vendure = await startVendure();
});
afterAll(() => vendure?.stop());

describe.skipIf(ABSENT !== undefined)(`Vendure's documents against the schema that the real server serves${because(ABSENT)}`, () => {
  let schema: GraphQLSchema;

  beforeAll(async () => {
    schema = buildClientSchema(await vendure.shop.admin.ask<IntrospectionQuery>(getIntrospectionQuery()));
  });

  const faults = (document: string): string[] => validate(schema, parse(document), [...specifiedRules, NoDeprecatedCustomRule]).map((error) => error.message);

  it.each(Object.entries(DOCUMENTS))('%s asks only for what the schema has, and for nothing deprecated', (_name, document) => {
    expect(faults(document)).toEqual([]);
  });

  it('so do the login of the manifest and the queries of the guide page', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../src/plugins/vendure/manifest.json', import.meta.url), 'utf8')) as { auth: { login: { body: { query: string } } }[] };
    const page = readFileSync(new URL('../../docs/connectors/vendure.md', import.meta.url), 'utf8');
    const inGuide = [...page.matchAll(/```graphql\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    expect(inGuide.length).toBeGreaterThan(0);
    for (const document of [...manifest.auth.map(({ login }) => login.body.query), ...inGuide]) expect(faults(document)).toEqual([]);
  });

  it('is a check that can fail', () => {
    expect(faults(DOCUMENTS.WHO_AM_I.replace('id', 'nickname'))).toEqual(['Cannot query field "nickname" on type "CurrentUser".']);
  });
});

interface Exchange {
  readonly request: { readonly url: string; readonly body: { readonly query: string } };
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: { readonly data: Readonly<Record<string, unknown>> } };
}

const RECORDING = process.env['CROSSDOCK_REAL_DATA'] === undefined ? undefined : join(process.env['CROSSDOCK_REAL_DATA'], 'recorded/vendure/exchanges.json');
const NO_RECORDING = RECORDING !== undefined && existsSync(RECORDING) ? undefined : 'CROSSDOCK_REAL_DATA names no folder with recorded/vendure';

describe.skipIf(NO_RECORDING !== undefined)(`what was recorded from a running Vendure${because(NO_RECORDING)}`, () => {
  const exchanges = NO_RECORDING === undefined ? (JSON.parse(readFileSync(RECORDING ?? '', 'utf8')) as Exchange[]) : [];
  const answers = (name: string): unknown[] => exchanges.filter(({ response }) => name in response.body.data).map(({ response }) => response.body.data[name]);

  it('is understood, each answer of it', () => {
    expect(exchanges.length).toBe(34);
    for (const { response } of exchanges) expect(judge({ status: response.status, headers: response.headers, body: JSON.stringify(response.body) }, 0)).toEqual({ kind: 'data', data: response.body.data });
  });

  it('signs in as the manifest takes it: a header, and the user in the body', () => {
    const [login] = exchanges;
    expect([login?.response.headers['vendure-auth-token'], (login?.response.body.data['login'] as { id: string }).id]).toEqual(['<token>', '1']);
  });

  it('says of all levels together what the shop can sell', () => {
    const levels = answers('productVariant').map((variant) => {
      const { stockLevels } = variant as { stockLevels: readonly { stockLocation: { name: string } }[] };
      const named = stockLevels.map((level) => ({ ...level, stockLocationId: level.stockLocation.name }));
      const asked = { id: '1', trackInventory: 'TRUE', useGlobalOutOfStockThreshold: true, outOfStockThreshold: 0, stockLevels: named };
      return shelvesOf({ items: [asked] }, { trackInventory: true, threshold: 0 }).get('1')?.sellable;
    });
    // Five in a store; beside them made with 40, set to 33, six sold, and after a parcel of four and one cancelled unit.
    expect(levels).toEqual([45, 38, 32, 34]);
  });

  it('is answered by the real server in the same way still', async (context) => {
    if (ABSENT !== undefined) return context.skip(ABSENT);
    const [variantId = ''] = await vendure.addProducts([{ sku: '71053', priceMinor: 339, levels: [{ locationId: '1', onHand: 33 }] }]);
    const order = await vendure.shop.buy({ lines: [{ variantId, quantity: 6 }], pay: 'authorise' });
    const orderLineId = order.lines[0]?.orderLineId ?? '';
    await vendure.shop.settle(order);
    await vendure.shop.ship(order, [{ orderLineId, quantity: 4 }]);
    await vendure.shop.refund(order, 407);
    await vendure.shop.cancel(order, [{ orderLineId, quantity: 1 }]);
    expect(await vendure.shop.levels(variantId)).toEqual([{ locationId: '1', onHand: 30, allocated: 1 }]);
    await expect(vendure.shop.buy({ lines: [{ variantId, quantity: 600 }] })).rejects.toThrow(/InsufficientStockError/);
  });
});
