import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { execute, GraphQLError, type GraphQLResolveInfo, type GraphQLSchema, parse, validate, valueFromASTUntyped } from 'graphql';
import { ShopDirectory } from './shop-directory.js';

interface QuantityInput {
  readonly inventoryItemId: string;
  readonly locationId: string;
  readonly quantity: number;
  readonly changeFromQuantity?: number | null;
}

interface SetQuantitiesInput {
  readonly name: string;
  readonly reason: string;
  readonly referenceDocumentUri?: string;
  readonly quantities: readonly QuantityInput[];
}

interface UserError {
  readonly code: string;
  readonly field: readonly string[];
  readonly message: string;
}

/** How a call goes wrong: after the shop has executed it (`answer` is what it would have said), or instead. */
export interface Fault {
  readonly executed: boolean;
  readonly respond: (response: ServerResponse, answer: string) => void;
}

export interface ReceivedCall {
  readonly query: string;
  readonly variables: { readonly input: SetQuantitiesInput; readonly idempotencyKey: string };
  readonly headers: IncomingMessage['headers'];
}

const REASONS = new Set(['correction', 'cycle_count_available', 'damaged', 'movement_created', 'other', 'promotion', 'received', 'restock', 'shrinkage']);

/**
 * A shop over real HTTP whose answers have the true shapes, because Shopify's own schema executes the documents. It
 * keeps what the connector's promises are about: quantities, keys, cost; and it applies a batch as a whole or not at all.
 */
export class ShopUnderTest {
  readonly quantities = new Map<string, number>();
  readonly unstocked = new Set<string>();
  readonly calls: ReceivedCall[] = [];
  /** Taken one a call, in order. */
  readonly faults: Fault[] = [];
  scopes = ['read_orders', 'write_inventory', 'read_inventory', 'read_locations'];
  locations = new Map([['gid://shopify/Location/111', { name: 'Warehouse', isActive: true }]]);
  throttle = { maximumAvailable: 2000, currentlyAvailable: 2000, restoreRate: 100 };
  readonly directory = new ShopDirectory();
  private readonly remembered = new Map<string, unknown>();
  private server: Server | undefined;

  constructor(private readonly schema: GraphQLSchema) {}

  async start(): Promise<string> {
    this.server = createServer((request, response) => void this.serve(request, response));
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ReceivedCall;
    this.calls.push({ ...call, headers: request.headers });
    const fault = this.faults.shift();
    const answer = () => JSON.stringify(this.answer(call));
    if (fault !== undefined) return fault.respond(response, fault.executed ? answer() : '');
    if (!/^\/admin\/api\/2026-07\/graphql\.json$/.test(request.url ?? '')) return void response.writeHead(404).end('{"errors":"Not Found"}');
    if (request.headers['x-shopify-access-token'] !== 'shpat_test') return void response.writeHead(401).end('{"errors":"[API] Invalid API key or access token (unrecognized login or wrong password)"}');
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(answer());
  }

  private answer({ query, variables }: ReceivedCall): unknown {
    const cost = { requestedQueryCost: 10, actualQueryCost: 10, throttleStatus: { ...this.throttle } };
    const document = parse(query);
    const errors = validate(this.schema, document);
    if (errors.length > 0) return { errors: errors.map((error) => ({ ...error.toJSON(), extensions: { code: 'undefinedField' } })) };
    const rootValue = {
      inventorySetQuantities: ({ input }: { input: SetQuantitiesInput }, _context: unknown, info: GraphQLResolveInfo) => this.setQuantities(input, idempotencyKeyOf(info)),
      shop: { name: 'Mugs & More', plan: { publicDisplayName: 'Basic' } },
      location: ({ id }: { id: string }) => this.locations.get(id) ?? null,
      ...this.directory.rootValue(),
      currentAppInstallation: { accessScopes: this.scopes.map((handle) => ({ handle })) },
    };
    const result = execute({ schema: this.schema, document, rootValue, variableValues: variables as unknown as Record<string, unknown> });
    return { ...(result as object), extensions: { cost } };
  }

  private setQuantities(input: SetQuantitiesInput, key: string | undefined): unknown {
    if (key === undefined) throw refusal('BAD_REQUEST', 'The @idempotent directive is required for this mutation but was not provided.');
    if (!input.quantities.every((quantity) => 'changeFromQuantity' in quantity)) {
      throw refusal('INVALID_FIELD_ARGUMENTS', 'InventoryQuantityInput must include the following argument: changeFromQuantity.');
    }
    const known = this.remembered.get(key);
    if (known !== undefined) return known;
    const userErrors = this.complaintsAbout(input);
    let changed = 0;
    if (userErrors.length === 0) {
      for (const { inventoryItemId, quantity } of input.quantities) {
        if (this.quantities.get(inventoryItemId) !== quantity) changed += 1;
        this.quantities.set(inventoryItemId, quantity);
      }
    }
    const payload = { inventoryAdjustmentGroup: changed > 0 ? { id: 'gid://shopify/InventoryAdjustmentGroup/1' } : null, userErrors };
    if (userErrors.length === 0) this.remembered.set(key, payload);
    return payload;
  }

  private complaintsAbout(input: SetQuantitiesInput): UserError[] {
    if (input.name !== 'available') return [{ code: 'INVALID_NAME', field: ['input', 'name'], message: 'The quantity name must be either available or on_hand.' }];
    if (!REASONS.has(input.reason)) return [{ code: 'INVALID_REASON', field: ['input', 'reason'], message: 'The specified reason is invalid.' }];
    const seen = new Set<string>();
    return input.quantities.flatMap(({ inventoryItemId, locationId }, index) => {
      const at = (code: string, field: string, message: string): UserError[] => [{ code, field: ['input', 'quantities', String(index), field], message }];
      if (seen.has(inventoryItemId)) return at('NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR', 'inventoryItemId', 'The combination must be unique.');
      seen.add(inventoryItemId);
      if (!this.locations.has(locationId)) return at('INVALID_LOCATION', 'locationId', 'The specified location could not be found.');
      if (this.unstocked.has(inventoryItemId)) return at('ITEM_NOT_STOCKED_AT_LOCATION', 'locationId', 'The specified inventory item is not stocked at the location.');
      return [];
    });
  }
}

function idempotencyKeyOf(info: GraphQLResolveInfo): string | undefined {
  const directive = info.fieldNodes[0]?.directives?.find((candidate) => candidate.name.value === 'idempotent');
  const key = directive?.arguments?.find((argument) => argument.name.value === 'key')?.value;
  if (key === undefined) return undefined;
  const value = key.kind === 'Variable' ? info.variableValues.coerced[key.name.value] : valueFromASTUntyped(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}
