import { GraphqlError } from './graphql-answer.js';
import { numberOf } from './shop-ids.js';

/** One entry of `quantities` as it came. */
export interface QuantityInput {
  readonly inventoryItemId: string;
  readonly locationId: string;
  readonly quantity: number;
  /** Null opts out of the comparison. */
  readonly changeFromQuantity: number | null;
}

export interface SetQuantitiesInput {
  readonly name: string;
  readonly reason: string;
  readonly referenceDocumentUri: string | null;
  readonly quantities: readonly QuantityInput[];
}

export interface UserError {
  readonly code: string;
  readonly field: readonly string[] | null;
  readonly message: string;
}

const MOST_QUANTITIES = 250;
const HIGHEST_QUANTITY = 1_000_000_000;
const REASONS = new Set(['correction', 'cycle_count_available', 'damaged', 'movement_created', 'movement_updated', 'movement_received', 'movement_canceled', 'other', 'promotion', 'quality_control', 'received', 'reservation_created', 'reservation_deleted', 'reservation_updated', 'restock', 'safety_stock', 'shrinkage']);

/**
 * Reads the variable or literal of `input`.
 * @throws GraphqlError as Shopify has it for values of a wrong type and for arguments that are left out.
 */
export function readInput(value: unknown): SetQuantitiesInput {
  const input = record(value, [], value);
  const quantities = input['quantities'];
  if (!Array.isArray(quantities)) throw invalid(value, ['quantities'], 'Expected value to not be null');
  if (quantities.length > MOST_QUANTITIES) {
    throw new GraphqlError(`The input array size of ${quantities.length} is greater than the maximum allowed of ${MOST_QUANTITIES}.`, { code: 'MAX_INPUT_SIZE_EXCEEDED' }, ['inventorySetQuantities', 'input', 'quantities']);
  }
  return {
    name: text(input['name'], ['name'], value),
    reason: text(input['reason'], ['reason'], value),
    referenceDocumentUri: input['referenceDocumentUri'] === undefined || input['referenceDocumentUri'] === null ? null : text(input['referenceDocumentUri'], ['referenceDocumentUri'], value),
    quantities: quantities.map((entry: unknown, index) => readQuantity(entry, index, value)),
  };
}

function readQuantity(entry: unknown, index: number, whole: unknown): QuantityInput {
  const at = ['quantities', index];
  const fields = record(entry, at, whole);
  const read: QuantityInput = {
    inventoryItemId: globalId(fields['inventoryItemId'], [...at, 'inventoryItemId'], whole),
    locationId: globalId(fields['locationId'], [...at, 'locationId'], whole),
    quantity: int(fields['quantity'], [...at, 'quantity'], whole),
    changeFromQuantity: fields['changeFromQuantity'] === null || fields['changeFromQuantity'] === undefined ? null : int(fields['changeFromQuantity'], [...at, 'changeFromQuantity'], whole),
  };
  if (fields['changeFromQuantity'] === undefined) {
    throw new GraphqlError('InventoryQuantityInput must include the following argument: changeFromQuantity.', { code: 'INVALID_FIELD_ARGUMENTS' }, ['inventorySetQuantities']);
  }
  return read;
}

/** What the shop holds, as far as a set needs to know it. */
export interface QuantityHolder {
  knowsItem(id: number): boolean;
  knowsLocation(id: number): boolean;
  stocks(locationId: number): boolean;
  available(inventoryItemId: number): number;
}

/** Everything that is wrong with the input; one of them, and nothing is set. */
export function judgeInput(input: SetQuantitiesInput, shop: QuantityHolder): UserError[] {
  const errors: UserError[] = [];
  if (input.name !== 'available' && input.name !== 'on_hand') errors.push({ code: 'INVALID_NAME', field: ['input', 'name'], message: "The quantity name must be either 'available' or 'on_hand'." });
  if (!REASONS.has(input.reason)) errors.push({ code: 'INVALID_REASON', field: ['input', 'reason'], message: 'The specified reason is invalid. Read the docs for the list of reasons.' });
  if (input.referenceDocumentUri !== null && !/^[a-z][a-z0-9+.-]*:\/\/./i.test(input.referenceDocumentUri)) {
    errors.push({ code: 'INVALID_REFERENCE_DOCUMENT', field: ['input', 'referenceDocumentUri'], message: 'The specified reference document is invalid.' });
  }
  const pairs = new Set<string>();
  input.quantities.forEach((entry, index) => {
    const error = judgeQuantity(entry, index, shop);
    if (error) errors.push(error);
    const pair = `${entry.inventoryItemId}@${entry.locationId}`;
    if (pairs.has(pair)) errors.push({ code: 'NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR', field: ['input', 'quantities', String(index)], message: 'The combination of inventoryItemId and locationId must be unique.' });
    pairs.add(pair);
  });
  return errors;
}

function judgeQuantity(entry: QuantityInput, index: number, shop: QuantityHolder): UserError | undefined {
  const at = (field: string, code: string, message: string): UserError => ({ code, field: ['input', 'quantities', String(index), field], message });
  const item = numberOf('InventoryItem', entry.inventoryItemId);
  const location = numberOf('Location', entry.locationId);
  if (item === undefined || !shop.knowsItem(item)) return at('inventoryItemId', 'INVALID_INVENTORY_ITEM', 'The specified inventory item could not be found.');
  if (location === undefined || !shop.knowsLocation(location)) return at('locationId', 'INVALID_LOCATION', 'The specified location could not be found.');
  if (!shop.stocks(location)) return at('locationId', 'ITEM_NOT_STOCKED_AT_LOCATION', 'The specified inventory item is not stocked at the location.');
  if (entry.quantity > HIGHEST_QUANTITY) return at('quantity', 'INVALID_QUANTITY_TOO_HIGH', "The quantity can't be higher than 1,000,000,000.");
  if (entry.quantity < -HIGHEST_QUANTITY) return at('quantity', 'INVALID_QUANTITY_TOO_LOW', "The quantity can't be lower than -1,000,000,000.");
  if (entry.changeFromQuantity !== null && entry.changeFromQuantity !== shop.available(item)) {
    return at('changeFromQuantity', 'CHANGE_FROM_QUANTITY_STALE', 'The changeFromQuantity argument no longer matches the persisted quantity.');
  }
  return undefined;
}

type Path = readonly (string | number)[];

function invalid(value: unknown, path: Path, explanation: string): GraphqlError {
  const where = path.length === 0 ? '' : ` for ${path.join('.')} (${explanation})`;
  return new GraphqlError(`Variable $input of type InventorySetQuantitiesInput! was provided invalid value${where}`, { code: 'INVALID_VARIABLE', value, problems: [{ path, explanation }] });
}

function record(value: unknown, path: Path, whole: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(whole, path, 'Expected value to not be null');
  return value as Record<string, unknown>;
}

function text(value: unknown, path: Path, whole: unknown): string {
  if (value === undefined || value === null) throw invalid(whole, path, 'Expected value to not be null');
  if (typeof value !== 'string') throw invalid(whole, path, `Could not coerce value ${JSON.stringify(value)} to String`);
  return value;
}

function int(value: unknown, path: Path, whole: unknown): number {
  if (value === undefined || value === null) throw invalid(whole, path, 'Expected value to not be null');
  if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) > 2_147_483_647) throw invalid(whole, path, `Could not coerce value ${JSON.stringify(value)} to Int`);
  return value;
}

function globalId(value: unknown, path: Path, whole: unknown): string {
  const id = text(value, path, whole);
  if (!/^gid:\/\/shopify\/[A-Za-z]+\/\d+$/.test(id)) throw invalid(whole, path, `Invalid global id '${id}'`);
  return id;
}
