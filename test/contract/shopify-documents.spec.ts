import { readFileSync } from 'node:fs';
import {
  coerceInputValue, type GraphQLInputType, type GraphQLSchema, isEnumType, isInputObjectType, isIntrospectionType, isObjectType, NoDeprecatedCustomRule, parse, specifiedRules, validate,
  validateInputValue,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS } from '../../src/plugins/shopify/client/documents.js';
import { ABSENT, excerptSchema, officialSchema } from './shopify/real-data.js';

const because = ABSENT === undefined ? '' : ` (skipped: ${ABSENT})`;

describe.skipIf(ABSENT)(`Shopify's documents against the official schema of 2026-07${because}`, () => {
  const schema = ABSENT === undefined ? officialSchema() : excerptSchema();

  it.each(Object.entries(DOCUMENTS))('%s asks only for what the schema has, and for nothing deprecated', (_name, document) => {
    expect(validate(schema, parse(document), [...specifiedRules, NoDeprecatedCustomRule]).map((error) => error.message)).toEqual([]);
  });

  it('the guide page tells its reader to send nothing else', () => {
    const page = readFileSync(new URL('../../docs/connectors/shopify.md', import.meta.url), 'utf8');
    const blocks = [...page.matchAll(/```graphql\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    const inCurl = [...page.matchAll(/"query":"([^"]+)"/g)].map((match) => match[1] ?? '');
    expect([blocks.length, inCurl.length]).toEqual([0, 1]);
    for (const document of [...blocks, ...inCurl]) {
      expect(validate(schema, parse(document), [...specifiedRules, NoDeprecatedCustomRule]).map((error) => error.message)).toEqual([]);
    }
  });

  it('is a check that can fail', () => {
    const document = DOCUMENTS.SET_QUANTITIES.replace('@idempotent(key: $idempotencyKey)', '@idempotent');
    expect(validate(schema, parse(document)).map((error) => error.message)).toEqual([
      'Variable "$idempotencyKey" is never used in operation "CrossdockSetQuantities".',
      'Argument "@idempotent(key:)" of type "String!" is required, but it was not provided.',
    ]);
  });

  it('sends an input that the schema coerces, null comparison and all', () => {
    const type = schema.getType('InventorySetQuantitiesInput') as GraphQLInputType;
    const quantity = { inventoryItemId: 'gid://shopify/InventoryItem/1', locationId: 'gid://shopify/Location/1', quantity: 3, changeFromQuantity: null };
    const input = { name: 'available', reason: 'correction', referenceDocumentUri: 'gid://crossdock/StockPublication/k', quantities: [quantity] };
    const complaints: string[] = [];
    validateInputValue(input, type, (error) => complaints.push(error.message));
    expect(complaints).toEqual([]);
    expect(coerceInputValue(input, type)).toEqual(input);
  });

  it('holds every line of the excerpt that publishing is tested against elsewhere', () => {
    const official = new Set(linesOf(schema));
    const excerpt = linesOf(excerptSchema());
    expect(excerpt.length).toBeGreaterThan(40);
    expect(excerpt.filter((line) => !official.has(line))).toEqual([]);
    const inputs = (of: GraphQLSchema) => linesOf(of).filter((line) => /^Inventory(SetQuantities|Quantity)Input\./.test(line));
    expect(inputs(excerptSchema())).toEqual(inputs(schema));
  });
});

/** One line for each directive argument, field, field argument, input field and enum value, with its type. */
function linesOf(schema: GraphQLSchema): string[] {
  const directives = schema.getDirectives().flatMap((directive) => directive.args.map((argument) => `@${directive.name}(${argument.name}: ${String(argument.type)}) on ${directive.locations.join()}`));
  const types = Object.values(schema.getTypeMap()).flatMap((type) => {
    if (isIntrospectionType(type)) return [];
    if (isEnumType(type)) return type.getValues().map((value) => `${type.name}.${value.name}`);
    if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => `${type.name}.${field.name}: ${String(field.type)}`);
    if (!isObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap((field) => [
      `${type.name}.${field.name}: ${String(field.type)}`,
      ...field.args.map((argument) => `${type.name}.${field.name}(${argument.name}: ${String(argument.type)})`),
    ]);
  });
  return [...directives, ...types].sort();
}
