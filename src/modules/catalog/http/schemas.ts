import { Type, type Static, type TProperties } from '@sinclair/typebox';
import { LONGEST_ID } from '../../../core/canonical/index.js';
import { ListOrders, sortOf } from '../../../core/http/paging/list-orders.js';
import { pageQuery } from '../../../core/http/paging/page-schemas.js';
import { LOCATION_TYPES } from '../locations/location.js';

export const Id = Type.String({
  minLength: 1, maxLength: LONGEST_ID, examples: ['85123A'],
  description: 'Given by the retailer, never changed, case-sensitive. 1 to 64 characters in Unicode NFC, without control characters, commas or outer spaces.',
});
const name = Type.String({ minLength: 1, maxLength: 200, description: 'For people; outer spaces are removed.' });
const nullableText = (options: Record<string, unknown>) => Type.Unsafe<string | null>({ type: ['string', 'null'], ...options });
const connectionId = (description: string) => nullableText({ maxLength: 100, default: null, description });

const itemFields = {
  name,
  sku: nullableText({ minLength: 1, maxLength: LONGEST_ID, default: null, description: "The retailer's stock-keeping unit, one item's alone. Null or absent: the id." }),
  gtin: nullableText({ default: null, examples: ['4006381333931'], description: 'Global Trade Item Number of 8, 12, 13 or 14 digits; its check digit is checked.' }),
  unit: Type.String({ pattern: '^[a-z][a-z0-9_]{0,31}$', default: 'each', description: 'What one unit of quantity is.' }),
};
const locationFields = {
  name,
  type: Type.Unsafe<(typeof LOCATION_TYPES)[number]>({ type: 'string', enum: [...LOCATION_TYPES] }),
  owner: connectionId('The connection whose counts and adjustments are believed here. Null or absent: every source may count.'),
};
const channelFields = {
  name,
  locations: Type.Array(Type.String(), { minItems: 1, maxItems: 10_000, uniqueItems: true, description: 'Ids of the locations that the channel may sell from.' }),
  connection: connectionId('The connection that the channel is published through. Null or absent: the channel asks the hub itself.'),
};

/**
 * A body for PUT, where the address has the id; a line of NDJSON, which has it itself; and the answer, in which every
 * field is present.
 */
function forms<Fields extends TProperties>(fields: Fields, answered: Partial<Fields> = {}) {
  const given = Object.fromEntries(Object.entries(fields).map(([key, schema]) => [key, 'default' in schema ? Type.Optional(schema) : schema]));
  return {
    body: Type.Object({ id: Type.Optional(Id), ...given }, { additionalProperties: false }),
    line: Type.Object({ id: Id, ...given }, { additionalProperties: false }),
    answer: Type.Object({ id: Id, ...fields, ...answered }),
  };
}

export const ItemForms = forms(itemFields);
export const LocationForms = forms(locationFields);
// A limited client may have been granted a channel and none of its locations.
export const ChannelForms = forms(channelFields, {
  locations: Type.Array(Type.String(), { description: 'Ids of the locations that the channel may sell from; a limited client is told those that it was granted.' }),
});

export type ItemAnswer = Static<typeof ItemForms.answer>;
export type LocationAnswer = Static<typeof LocationForms.answer>;
export type ChannelAnswer = Static<typeof ChannelForms.answer>;

/** A checked body: defaults are filled in, and the id stands in the address. */
export type BodyOf<Answer extends { id: string }> = Omit<Answer, 'id'> & { readonly id?: string };

export const PageQuery = pageQuery({});
export const ITEM_ORDERS = new ListOrders('items', ['text'], ['id', '-id']);
export const ItemQuery = pageQuery({ sort: sortOf(ITEM_ORDERS), sku: Type.Optional(Type.String({ minLength: 1, maxLength: LONGEST_ID })), gtin: Type.Optional(Type.String({ minLength: 1, maxLength: LONGEST_ID })) });
export const LocationQuery = pageQuery({ type: Type.Optional(locationFields.type) });

// Not named as the values are: Nest would take the schema for the class of the parameter.
export type PageAsked = Static<typeof PageQuery>;
export type ItemsAsked = Static<typeof ItemQuery>;
export type LocationsAsked = Static<typeof LocationQuery>;

/** One line of the answer to a bulk call. */
export const BulkResult = Type.Object({
  line: Type.Integer({ minimum: 1, description: 'Number of the line in the request, from 1.' }),
  id: Type.Optional(Type.String({ description: 'Absent when the line has no readable id.' })),
  status: Type.Unsafe<string>({
    type: 'string', enum: ['created', 'updated', 'unchanged', 'rejected', 'failed'],
    description: '`rejected`: this line is wrong and changed nothing. `failed`: the hub could not save it; send it again.',
  }),
  code: Type.Optional(Type.String({ description: 'Why, as in docs/errors.md.' })),
  detail: Type.Optional(Type.String()),
  errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String(), code: Type.Optional(Type.String()) }))),
});
export type BulkResult = Static<typeof BulkResult>;
