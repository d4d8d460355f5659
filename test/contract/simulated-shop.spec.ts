import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { execute, parse, validate, type ExecutionResult } from 'graphql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector } from '@crossdock/connector-sdk';
import { manifestOf, ReceivingHub } from '../../lab/simulators/spec/receiving-hub.js';
import { Catalogue, ShopifyShop } from '../../lab/simulators/index.js';
import shopify from '../../src/plugins/shopify/index.js';
import { DOCUMENTS } from '../../src/plugins/shopify/client/documents.js';
import { callContext } from './shopify/call-context.js';
import { ABSENT, officialSchema, webhookSchema } from './shopify/real-data.js';

const because = ABSENT === undefined ? '' : ` (skipped: ${ABSENT})`;
const ITEMS = ['MUG', 'CUP', 'JUG'].map((id) => ({ id, name: `A ${id.toLowerCase()}` }));

let shop: ShopifyShop;
beforeEach(async () => {
  shop = new ShopifyShop({ name: 'shop', catalogue: new Catalogue(ITEMS), locations: ['warehouse', 'store'], seed: 3 });
  await shop.start();
});
afterEach(() => shop.stop());

const reference = (type: string, canonicalId: string): string => shop.crossReferences().find((entry) => entry.type === type && entry.canonicalId === canonicalId)?.externalId ?? '';

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<ExecutionResult> {
  const headers = { 'content-type': 'application/json', 'x-shopify-access-token': shop.connection().credentials['accessToken'] ?? '' };
  const response = await fetch(`${shop.url}/admin/api/2026-07/graphql.json`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  expect(response.status).toBe(200);
  return (await response.json()) as ExecutionResult;
}

function setVariables(quantities: readonly { item: string; quantity: number }[], key = 'key-1'): Record<string, unknown> {
  const locationId = `gid://shopify/Location/${reference('location', 'warehouse')}`;
  return {
    idempotencyKey: key,
    input: { name: 'available', reason: 'correction', quantities: quantities.map(({ item, quantity }) => ({ inventoryItemId: `gid://shopify/InventoryItem/${reference('inventory-item', item)}`, locationId, quantity, changeFromQuantity: null })) },
  };
}

/** Every field that the simulated shop answers, so that the schema can judge each of its types. */
const EVERYTHING = {
  set: `mutation Set($input: InventorySetQuantitiesInput!, $idempotencyKey: String!) {
    inventorySetQuantities(input: $input) @idempotent(key: $idempotencyKey) {
      inventoryAdjustmentGroup { id createdAt reason referenceDocumentUri changes { name delta quantityAfterChange ledgerDocumentUri item { id sku tracked } } }
      userErrors { code field message }
    }
  }`,
  read: `query Read($item: ID!, $location: ID!) {
    shop { id name myshopifyDomain plan { publicDisplayName shopifyPlus partnerDevelopment } }
    currentAppInstallation { id accessScopes { handle description } }
    location(id: $location) { id name isActive fulfillsOnlineOrders }
    locations(first: 5) { pageInfo { hasNextPage endCursor } nodes { id name isActive isFulfillmentService } }
    productVariants(first: 2, after: "1") { pageInfo { hasNextPage endCursor } nodes { id displayName barcode product { id status } inventoryItem { id sku tracked } } }
    inventoryItem(id: $item) { id sku tracked inventoryLevel(locationId: $location) { id quantities(names: ["available"]) { name quantity } } }
  }`,
};

it('lists its catalogue to the connector, by the numbers that its cross-references have', async () => {
  const { accessToken: token = '' } = shop.connection().credentials;
  const ctx = callContext({ shopUrl: shop.url }, { token });
  const first = await shopify.listItems?.(ctx, { cursor: null, limit: 4 });
  const second = await shopify.listItems?.(ctx, { cursor: first?.nextCursor ?? '', limit: 4 });
  expect(second?.nextCursor).toBeNull();
  const items = [...(first?.entries ?? []), ...(second?.entries ?? [])];
  expect(items.map(({ ref, sku }) => [ref.type, ref.id, sku])).toEqual(['MUG', 'CUP', 'JUG'].flatMap((sku) => [['variant', reference('variant', sku), sku], ['inventory-item', reference('inventory-item', sku), sku]]));
  expect((await shopify.listLocations?.(ctx, { cursor: null, limit: 10 }))?.entries.map(({ ref }) => ref.id)).toEqual(['warehouse', 'store'].map((name) => reference('location', name)));
});

describe.skipIf(ABSENT)(`the simulated shop against Shopify's official schema of 2026-07${because}`, () => {
  const schema = ABSENT === undefined ? officialSchema() : undefined;

  /** The schema executes the same document over the simulator's answer: wrong types and missing fields become errors. */
  async function conforming(document: string, variables: Record<string, unknown>): Promise<ExecutionResult> {
    if (!schema) throw new Error('no schema');
    expect(validate(schema, parse(document))).toEqual([]);
    const answer = await ask(document, variables);
    expect(answer.errors).toBeUndefined();
    const judged = await execute({ schema, document: parse(document), rootValue: answer.data, variableValues: variables });
    expect(judged.errors ?? []).toEqual([]);
    expect(JSON.parse(JSON.stringify(judged.data))).toEqual(answer.data);
    return answer;
  }

  const location = (): string => `gid://shopify/Location/${reference('location', 'warehouse')}`;
  const item = (): string => `gid://shopify/InventoryItem/${reference('inventory-item', 'CUP')}`;

  it('answers the connector’s own documents in their true types', async () => {
    await conforming(DOCUMENTS.SET_QUANTITIES, setVariables([{ item: 'MUG', quantity: 4 }]));
    await conforming(DOCUMENTS.CHECK_HEALTH, { locationId: location() });
  });

  it('answers everything that it has in its true types, errors and nulls too', async () => {
    await conforming(EVERYTHING.set, setVariables([{ item: 'MUG', quantity: 4 }, { item: 'CUP', quantity: 0 }]));
    await conforming(EVERYTHING.set, setVariables([{ item: 'MUG', quantity: 4 }], 'key-2'));
    const refused = await conforming(EVERYTHING.set, { ...setVariables([{ item: 'MUG', quantity: 4 }], 'key-3'), input: { ...(setVariables([{ item: 'MUG', quantity: 2_000_000_000 }])['input'] as object), name: 'sold', reason: 'because' } });
    expect(refused.data).toMatchObject({ inventorySetQuantities: { userErrors: [{ code: 'INVALID_NAME' }, { code: 'INVALID_REASON' }, { code: 'INVALID_QUANTITY_TOO_HIGH' }] } });
    await conforming(EVERYTHING.read, { item: item(), location: location() });
    await conforming(EVERYTHING.read, { item: 'gid://shopify/InventoryItem/1', location: 'gid://shopify/Location/1' });
  });

  it('is a check that can fail', async () => {
    if (!schema) throw new Error('no schema');
    const wrong = { inventorySetQuantities: { inventoryAdjustmentGroup: { id: 'gid://x', createdAt: 'now', reason: null, referenceDocumentUri: null, changes: [] }, userErrors: [] } };
    const judged = await execute({ schema, document: parse(EVERYTHING.set), rootValue: wrong, variableValues: setVariables([]) });
    expect(judged.errors?.map((error) => error.message)).toEqual(['Cannot return null for non-nullable field InventoryAdjustmentGroup.reason.']);
  });
});

describe.skipIf(ABSENT)(`the simulated shop's webhooks against the schemas of 2026-04${because}`, () => {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  (addFormats as unknown as (to: Ajv2020) => void)(ajv);

  const complaints = (topic: string, body: unknown): string[] => {
    const check = ajv.compile(webhookSchema(topic));
    return check(body) ? [] : (check.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
  };

  it('have the shape that Shopify’s have', async () => {
    shop = new ShopifyShop({ name: 'shop', catalogue: new Catalogue(ITEMS), locations: ['warehouse'], seed: 3, tellsLevels: true });
    const hub = new ReceivingHub(manifestOf('src/plugins/shopify'), shopify as Connector<never>, shop);
    await hub.start();
    shop.connect({ url: hub.url, connectionId: 'shop' });
    shop.setFigures(new Map([['MUG', 9], ['CUP', 9]]));
    const lines = [{ line: '1', item: 'MUG', quantity: 2 }, { line: '2', item: 'CUP', quantity: 1 }];
    await shop.order({ order: 'a', location: 'warehouse', lines });
    await shop.order({ order: 'b', location: 'warehouse', lines });
    await shop.cancel('a');
    await shop.takeBack({ id: 'r', order: 'b', location: 'warehouse', lines: [{ line: '1', item: 'MUG', quantity: 3 }] });
    await shop.settle();
    await hub.stop();
    expect([...hub.topics].sort()).toEqual([['inventory_levels/update', 10], ['orders/cancelled', 1], ['orders/create', 2], ['refunds/create', 3]]);
    expect(hub.failures).toEqual([]);
    const levels = hub.bodies.filter(({ topic }) => topic === 'inventory_levels/update').map(({ body }) => JSON.parse(body) as { inventory_item_id: number; available: number });
    const mugs = levels.filter((level) => String(level.inventory_item_id) === reference('inventory-item', 'MUG')).map(({ available }) => available);
    // As set, two orders, one of them cancelled, two mugs back that were sold here and one that was not.
    expect(mugs.sort((one, other) => one - other)).toEqual([5, 7, 7, 9, 9, 10]);
    for (const { topic, body } of hub.bodies) {
      const payload = JSON.parse(body) as { refunds?: unknown[] };
      // The schemas were inferred from examples without a refund and so allow none in an order; Shopify's cancelled orders carry theirs.
      for (const refund of payload.refunds ?? []) expect(complaints('refunds/create', refund)).toEqual([]);
      expect(complaints(topic, payload.refunds ? { ...payload, refunds: [] } : payload), topic).toEqual([]);
    }
    expect(complaints('orders/create', { line_items: [{}] })).not.toEqual([]);
    for (const { topic, headers } of hub.bodies) {
      expect(headers).toMatchObject({ 'x-shopify-topic': topic, 'x-shopify-shop-domain': 'shop.myshopify.com', 'x-shopify-api-version': '2026-07', 'content-type': 'application/json' });
      for (const name of ['x-shopify-hmac-sha256', 'x-shopify-webhook-id', 'x-shopify-event-id', 'x-shopify-triggered-at']) expect(headers[name], name).toBeTypeOf('string');
    }
  });
});

describe('the simulated Admin API', () => {
  const set = (variables: Record<string, unknown>): Promise<ExecutionResult> => ask(DOCUMENTS.SET_QUANTITIES, variables);

  it('sets once for one key, and refuses the key for anything else', async () => {
    const first = await set(setVariables([{ item: 'MUG', quantity: 4 }]));
    await shop.order({ order: 'a', location: 'warehouse', lines: [{ line: '1', item: 'MUG', quantity: 1 }] });
    const again = await set(setVariables([{ item: 'MUG', quantity: 4 }]));
    expect(again.data).toEqual(first.data);
    expect(shop.beliefs.get('MUG')).toBe(3);
    const other = await set(setVariables([{ item: 'MUG', quantity: 5 }]));
    expect(other.data).toMatchObject({ inventorySetQuantities: { inventoryAdjustmentGroup: null, userErrors: [{ code: 'IDEMPOTENCY_KEY_PARAMETER_MISMATCH' }] } });
    expect(shop.beliefs.get('MUG')).toBe(3);
  });

  it('sets nothing at all when one item is wrong, names it, and wants another key then', async () => {
    const variables = setVariables([{ item: 'MUG', quantity: 4 }, { item: 'CUP', quantity: 5 }]);
    const quantities = (variables['input'] as { quantities: { inventoryItemId: string }[] }).quantities;
    (quantities[1] as { inventoryItemId: string }).inventoryItemId = 'gid://shopify/InventoryItem/99';
    const refused = await set(variables);
    expect(refused.data).toMatchObject({ inventorySetQuantities: { inventoryAdjustmentGroup: null, userErrors: [{ code: 'INVALID_INVENTORY_ITEM', field: ['input', 'quantities', '1', 'inventoryItemId'] }] } });
    expect(shop.beliefs.size).toBe(0);
    expect(shop.figures).toMatchObject([{ item: 'MUG', available: 4, applied: false }]);
    const repeated = await set(variables);
    expect(repeated.data).toMatchObject({ inventorySetQuantities: { userErrors: [{ code: 'IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED' }] } });
  });

  it('judges place, repetition, comparison and count of the quantities', async () => {
    const codes = async (change: (entry: Record<string, unknown>) => Record<string, unknown>[]): Promise<string[]> => {
      const variables = setVariables([{ item: 'MUG', quantity: 4 }], `key-${Math.random()}`);
      const input = variables['input'] as { quantities: Record<string, unknown>[] };
      input.quantities = change(input.quantities[0] as Record<string, unknown>);
      const answer = await set(variables);
      const errors = (answer.data as { inventorySetQuantities: { userErrors: { code: string }[] } } | undefined)?.inventorySetQuantities.userErrors ?? answer.errors?.map(({ extensions }) => extensions as { code: string }) ?? [];
      return errors.map(({ code }) => code);
    };
    expect(await codes((entry) => [{ ...entry, locationId: 'gid://shopify/Location/1' }])).toEqual(['INVALID_LOCATION']);
    expect(await codes((entry) => [{ ...entry, locationId: `gid://shopify/Location/${reference('location', 'store')}` }])).toEqual(['ITEM_NOT_STOCKED_AT_LOCATION']);
    expect(await codes((entry) => [entry, entry])).toEqual(['NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR']);
    expect(await codes((entry) => [{ ...entry, changeFromQuantity: 7 }])).toEqual(['CHANGE_FROM_QUANTITY_STALE']);
    expect(await codes((entry) => [{ ...entry, changeFromQuantity: 0 }])).toEqual([]);
    expect(await codes(({ changeFromQuantity: _, ...entry }) => [entry])).toEqual(['INVALID_FIELD_ARGUMENTS']);
    expect(await codes((entry) => Array.from({ length: 251 }, () => entry))).toEqual(['MAX_INPUT_SIZE_EXCEEDED']);
    expect(await codes((entry) => [{ ...entry, quantity: 1.5 }])).toEqual(['INVALID_VARIABLE']);
    expect(await codes((entry) => [{ ...entry, inventoryItemId: '17' }])).toEqual(['INVALID_VARIABLE']);
  });

  it('wants the idempotency directive', async () => {
    const answer = await ask(DOCUMENTS.SET_QUANTITIES.replace('@idempotent(key: $idempotencyKey)', '').replace(', $idempotencyKey: String!', ''), setVariables([{ item: 'MUG', quantity: 4 }]));
    expect(answer.errors?.[0]).toMatchObject({ message: 'The @idempotent directive is required for this mutation but was not provided.', extensions: { code: 'BAD_REQUEST' } });
    expect(shop.beliefs.size).toBe(0);
  });

  it('reports what a call cost and throttles when the bucket is empty', async () => {
    const small = new ShopifyShop({ name: 'small', catalogue: new Catalogue(ITEMS), locations: ['warehouse'], seed: 3, api: { maximumAvailable: 25, restoreRate: 5 } });
    await shop.stop();
    shop = small;
    await small.start();
    const answers = [];
    for (const key of ['a', 'b', 'c']) answers.push(await set(setVariables([{ item: 'MUG', quantity: 4 }], key)));
    expect(answers[0]?.extensions).toEqual({ cost: { requestedQueryCost: 10, actualQueryCost: 10, throttleStatus: { maximumAvailable: 25, currentlyAvailable: 15, restoreRate: 5 } } });
    expect(answers[2]?.errors?.[0]).toMatchObject({ message: 'Throttled', extensions: { code: 'THROTTLED' } });
    expect(small.apiCounts.throttled).toBe(1);
  });

  it('knows its caller by the access token and its documents by their fields', async () => {
    const call = (token: string): Promise<Response> => fetch(`${shop.url}/admin/api/2026-07/graphql.json`, { method: 'POST', headers: { 'x-shopify-access-token': token }, body: '{"query":"{ shop { name } }"}' });
    expect((await call('shpat_wrong')).status).toBe(401);
    expect((await ask('{ shop { nickname } }')).errors?.[0]).toMatchObject({ message: "Field 'nickname' doesn't exist on type 'Shop'", extensions: { code: 'undefinedField' } });
    expect((await ask('{ shop ')).errors?.[0]).toMatchObject({ extensions: { code: 'PARSE_ERROR' } });
    expect((await ask('mutation { productDelete(input: {id: "1"}) { userErrors { message } } }')).errors?.[0]).toMatchObject({ extensions: { code: 'undefinedField', typeName: 'Mutation' } });
  });
});
