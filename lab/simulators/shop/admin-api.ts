import type { Beliefs } from '../kit/beliefs.js';
import type { Catalogue } from '../kit/catalogue.js';
import type { ServerAnswer, ServerCall } from '../kit/loopback-server.js';
import { Random } from '../kit/random.js';
import { TokenBucket } from '../kit/token-bucket.js';
import { costOf, GraphqlError, project, type GraphNode } from './graphql-answer.js';
import { GraphqlSyntaxError, readOperation, type Operation, type Selection } from './graphql-document.js';
import { judgeInput, readInput, type QuantityHolder, type SetQuantitiesInput, type UserError } from './set-quantities.js';
import { gid, numberOf, type ShopIds } from './shop-ids.js';
import { locationNode, pageOf, variantNode } from './shop-lists.js';

/** How the shop's Admin API treats its callers. */
export interface AdminApiBehaviour {
  /** The cost bucket: 2,000 points and 100 a second on Shopify's standard plan, 20,000 and 1,000 on Plus. */
  readonly maximumAvailable: number;
  readonly restoreRate: number;
  /** Share of calls answered 503 before anything was done. */
  readonly unavailableShare: number;
  /** Share of calls that are carried out and then never answered. */
  readonly lostAnswerShare: number;
}

export const PLUS_PLAN: AdminApiBehaviour = { maximumAvailable: 20_000, restoreRate: 1_000, unavailableShare: 0, lostAnswerShare: 0 };

/** Shopify's standard plan on a normal working day: it throttles by cost, fails now and then, and some answers get lost. */
export const STANDARD_PLAN: AdminApiBehaviour = { maximumAvailable: 2_000, restoreRate: 100, unavailableShare: 0.005, lostAnswerShare: 0.003 };

export interface ShopFacts {
  readonly name: string;
  readonly domain: string;
  readonly accessToken: string;
  readonly seed: number;
  readonly now: () => number;
  readonly locations: readonly string[];
}

/** Counts of what the API answered, for reports. */
export interface AdminApiCounts {
  requests: number;
  quantitiesSet: number;
  throttled: number;
  replayed: number;
  userErrors: number;
}

interface Remembered {
  readonly fingerprint: string;
  readonly payload: GraphNode;
  readonly failed: boolean;
}

/** Shopify forgets idempotency keys after a day; a lab's day has fewer requests than this. */
const KEYS_KEPT = 20_000;
const PATH = '/admin/api/2026-07/graphql.json';

/** POST /admin/api/2026-07/graphql.json: as much of the Admin API as a stock connector asks for. */
export class AdminApi implements QuantityHolder {
  readonly counts: AdminApiCounts = { requests: 0, quantitiesSet: 0, throttled: 0, replayed: 0, userErrors: 0 };
  private readonly bucket: TokenBucket;
  private readonly faults: Random;
  private readonly remembered = new Map<string, Remembered>();
  private groups = 0;

  constructor(
    private readonly shop: ShopFacts,
    private readonly ids: ShopIds,
    private readonly catalogue: Catalogue,
    private readonly stock: Beliefs,
    private readonly behaviour: AdminApiBehaviour,
  ) {
    this.bucket = new TokenBucket(behaviour.maximumAvailable, behaviour.restoreRate, shop.now());
    this.faults = Random.of(shop.seed, 11);
  }

  answer(call: ServerCall): ServerAnswer {
    this.counts.requests += 1;
    if (call.headers['x-shopify-access-token'] !== this.shop.accessToken) {
      return { status: 401, body: { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' } };
    }
    if (call.method !== 'POST' || call.path !== PATH) return { status: 404, body: { errors: 'Not Found' } };
    if (this.faults.chance(this.behaviour.unavailableShare)) return { status: 503, body: { errors: 'Service Unavailable' } };
    const body = parseBody(call.body);
    if (!body) return { status: 400, body: { errors: { query: 'Required parameter missing or invalid' } } };
    const answer = this.execute(body.query, body.variables);
    return this.faults.chance(this.behaviour.lostAnswerShare) ? 'hang up' : { status: 200, body: answer };
  }

  knowsItem(id: number): boolean {
    return this.ids.positionOfInventoryItem(id) !== undefined;
  }

  knowsLocation(id: number): boolean {
    return this.ids.locationOf(id) !== undefined;
  }

  /** All goods lie at the first location; the others are there and empty. */
  stocks(locationId: number): boolean {
    return this.ids.locationOf(locationId) === this.shop.locations[0];
  }

  available(inventoryItemId: number): number {
    return this.stock.quantity(this.itemOf(inventoryItemId));
  }

  private execute(query: string, variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
    let operation: Operation;
    try {
      operation = readOperation(query, variables);
    } catch (error) {
      if (error instanceof GraphqlSyntaxError) return { errors: [{ message: error.message, extensions: { code: 'PARSE_ERROR' } }] };
      throw error;
    }
    const requested = costOf(operation.kind, operation.selections);
    if (!this.bucket.take(requested, this.shop.now())) {
      this.counts.throttled += 1;
      const throttled = new GraphqlError('Throttled', { code: 'THROTTLED', documentation: 'https://shopify.dev/api/usage/rate-limits' });
      return { errors: [throttled.toEntry()], extensions: this.cost(requested, null) };
    }
    const data: Record<string, unknown> = {};
    try {
      const root = operation.kind === 'query' ? this.queryRoot() : undefined;
      if (root) Object.assign(data, project(root, operation.selections, []));
      else for (const selection of operation.selections) data[selection.alias] = this.mutate(selection);
      return { data, extensions: this.cost(requested, requested) };
    } catch (error) {
      if (error instanceof GraphqlError) return { errors: [error.toEntry()], extensions: this.cost(requested, requested) };
      throw error;
    }
  }

  private cost(requested: number, actual: number | null): Record<string, unknown> {
    const currentlyAvailable = Math.floor(this.bucket.available(this.shop.now()));
    return { cost: { requestedQueryCost: requested, actualQueryCost: actual, throttleStatus: { maximumAvailable: this.behaviour.maximumAvailable, currentlyAvailable, restoreRate: this.behaviour.restoreRate } } };
  }

  private queryRoot(): GraphNode {
    return {
      __typename: 'QueryRoot',
      shop: { __typename: 'Shop', id: gid('Shop', 548_380_009), name: this.shop.name, myshopifyDomain: this.shop.domain, plan: { __typename: 'ShopPlan', publicDisplayName: 'Shopify Plus', shopifyPlus: true, partnerDevelopment: false } },
      currentAppInstallation: {
        __typename: 'AppInstallation',
        id: gid('AppInstallation', 1),
        accessScopes: ['read_orders', 'read_products', 'write_inventory', 'read_locations'].map((handle) => ({ __typename: 'AccessScope', handle, description: handle.replace('_', ' ') })),
      },
      location: ({ id }) => {
        const name = this.ids.locationOf(numberOf('Location', id) ?? 0);
        return name === undefined ? null : locationNode(this.ids, name);
      },
      locations: (args) => pageOf('LocationConnection', this.shop.locations.length, args, (position) => locationNode(this.ids, this.shop.locations[position] ?? '')),
      productVariants: (args) => pageOf('ProductVariantConnection', this.catalogue.items.length, args, (position) => variantNode(this.ids, this.catalogue, position)),
      inventoryItem: ({ id }) => this.inventoryItem(numberOf('InventoryItem', id) ?? 0),
    };
  }

  private inventoryItem(id: number): GraphNode | null {
    if (!this.knowsItem(id)) return null;
    const quantities = (args: Readonly<Record<string, unknown>>): GraphNode[] =>
      (Array.isArray(args['names']) ? args['names'] : []).filter((name) => name === 'available').map((name: string) => ({ __typename: 'InventoryQuantity', name, quantity: this.available(id) }));
    return {
      __typename: 'InventoryItem',
      id: gid('InventoryItem', id),
      sku: this.itemOf(id),
      tracked: true,
      inventoryLevel: ({ locationId }) => (this.stocks(numberOf('Location', locationId) ?? 0) ? { __typename: 'InventoryLevel', id: gid('InventoryLevel', id), quantities } : null),
    };
  }

  private mutate(selection: Selection): Record<string, unknown> {
    if (selection.name !== 'inventorySetQuantities') {
      throw new GraphqlError(`Field '${selection.name}' doesn't exist on type 'Mutation'`, { code: 'undefinedField', typeName: 'Mutation', fieldName: selection.name }, [selection.alias]);
    }
    const key = selection.directives.find((directive) => directive.name === 'idempotent')?.args['key'];
    const input = readInput(selection.args['input']);
    if (typeof key !== 'string' || key === '') {
      throw new GraphqlError('The @idempotent directive is required for this mutation but was not provided.', { code: 'BAD_REQUEST' }, [selection.alias]);
    }
    return project(this.once(key, input), selection.selections ?? [], [selection.alias]);
  }

  private once(key: string, input: SetQuantitiesInput): GraphNode {
    const fingerprint = JSON.stringify(input);
    const before = this.remembered.get(key);
    if (before) {
      this.counts.replayed += 1;
      if (before.fingerprint !== fingerprint) return payload(null, [{ code: 'IDEMPOTENCY_KEY_PARAMETER_MISMATCH', field: null, message: 'The same idempotency key cannot be used with different operation parameters.' }]);
      if (before.failed) return payload(null, [{ code: 'IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED', field: null, message: 'A previous request with this idempotency key failed. Retry with a new idempotency key.' }]);
      return before.payload;
    }
    const errors = judgeInput(input, this);
    this.counts.userErrors += errors.length;
    const done = errors.length > 0 ? payload(null, errors) : payload(this.set(input), []);
    if (errors.length > 0) this.turnAway(input);
    this.remembered.set(key, { fingerprint, payload: done, failed: errors.length > 0 });
    if (this.remembered.size > KEYS_KEPT) for (const oldest of this.remembered.keys()) {
      this.remembered.delete(oldest);
      break;
    }
    return done;
  }

  /** The group of changes; null when every quantity was that already. */
  private set(input: SetQuantitiesInput): GraphNode | null {
    const at = this.shop.now();
    const changes: GraphNode[] = [];
    for (const entry of input.quantities) {
      const id = numberOf('InventoryItem', entry.inventoryItemId) as number;
      const delta = entry.quantity - this.available(id);
      this.stock.setFigure(this.itemOf(id), entry.quantity, at);
      this.counts.quantitiesSet += 1;
      if (delta === 0) continue;
      const item = this.inventoryItem(id);
      changes.push({ __typename: 'InventoryChange', name: input.name, delta, quantityAfterChange: entry.quantity, item, ledgerDocumentUri: null });
    }
    if (changes.length === 0) return null;
    this.groups += 1;
    return {
      __typename: 'InventoryAdjustmentGroup',
      id: gid('InventoryAdjustmentGroup', this.groups),
      createdAt: new Date(at).toISOString(),
      reason: input.reason,
      referenceDocumentUri: input.referenceDocumentUri,
      changes,
    };
  }

  private turnAway(input: SetQuantitiesInput): void {
    const at = this.shop.now();
    for (const entry of input.quantities) {
      const id = numberOf('InventoryItem', entry.inventoryItemId) ?? 0;
      if (this.knowsItem(id)) this.stock.turnAway(this.itemOf(id), entry.quantity, at);
    }
  }

  private itemOf(inventoryItemId: number): string {
    return this.catalogue.at(this.ids.positionOfInventoryItem(inventoryItemId) ?? -1)?.id ?? '';
  }
}

function payload(group: GraphNode | null, errors: readonly UserError[]): GraphNode {
  return {
    __typename: 'InventorySetQuantitiesPayload',
    inventoryAdjustmentGroup: group,
    userErrors: errors.map(({ code, field, message }) => ({ __typename: 'InventorySetQuantitiesUserError', code, field, message })),
  };
}

function parseBody(text: string): { query: string; variables: Record<string, unknown> } | undefined {
  try {
    const body = JSON.parse(text) as { query?: unknown; variables?: unknown } | null;
    if (typeof body?.query !== 'string') return undefined;
    return { query: body.query, variables: typeof body.variables === 'object' && body.variables !== null ? (body.variables as Record<string, unknown>) : {} };
  } catch {
    return undefined;
  }
}
