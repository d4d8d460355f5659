import type { FeedPage, FeedRecord, ListPage, OutsideItem, OutsideLocation } from '@crossdock/connector-sdk';
import { readWhole } from './one-each.js';
import { readRef } from './parse-results.js';
import { fieldsOf, flagField, listField, Malformed, oneOfField, textField, type Fields } from './read-fields.js';

const MOST_CURSOR_CHARS = 8_192;
const MOST_ID_CHARS = 200;
const MOST_BODY_CHARS = 1_048_576;
const MOST_NAME_CHARS = 500;
const MOST_GTINS = 50;
const LOCATION_KINDS: readonly NonNullable<OutsideLocation['kind']>[] = ['warehouse', 'store', 'virtual', 'other'];

/**
 * Judges a plugin's answer to `pollFeed`.
 * @throws HubError PLUGIN_FAILED for any fault: a cursor must never be kept beside a page of which half was dropped.
 */
export function readFeedPage(plugin: string, value: unknown, limit: number, topics: readonly string[]): FeedPage {
  return readWhole(plugin, () => {
    const fields = fieldsOf(value, 'the page');
    const records = listField(fields, 'records', limit).map((entry) => readRecord(fieldsOf(entry, 'a record'), topics));
    const twice = new Set(records.map(({ id }) => id)).size < records.length;
    if (twice) throw new Malformed('two records of one page with one id');
    return { records, nextCursor: textField(fields, 'nextCursor', MOST_CURSOR_CHARS), hasMore: flagField(fields, 'hasMore') };
  });
}

function readRecord(fields: Fields, topics: readonly string[]): FeedRecord {
  const { body } = fields;
  if (typeof body !== 'string' || body.length > MOST_BODY_CHARS) throw new Malformed(`'body' is no text of at most ${MOST_BODY_CHARS} characters`);
  return { id: textField(fields, 'id', MOST_ID_CHARS), topic: oneOfField(fields, 'topic', topics), body };
}

/** @throws HubError PLUGIN_FAILED for any fault in the answer to `listItems`. */
export function readItemPage(plugin: string, value: unknown, limit: number): ListPage<OutsideItem> {
  return readListPage(plugin, value, limit, readItem);
}

/** @throws HubError PLUGIN_FAILED for any fault in the answer to `listLocations`. */
export function readLocationPage(plugin: string, value: unknown, limit: number): ListPage<OutsideLocation> {
  return readListPage(plugin, value, limit, readLocation);
}

function readListPage<Entry>(plugin: string, value: unknown, limit: number, read: (fields: Fields) => Entry): ListPage<Entry> {
  return readWhole(plugin, () => {
    const fields = fieldsOf(value, 'the page');
    const entries = listField(fields, 'entries', limit).map((entry) => read(fieldsOf(entry, 'an entry')));
    return { entries, nextCursor: fields.nextCursor === null ? null : textField(fields, 'nextCursor', MOST_CURSOR_CHARS) };
  });
}

function readItem(fields: Fields): OutsideItem {
  const gtins = fields.gtins === undefined ? undefined : listField(fields, 'gtins', MOST_GTINS).map((gtin) => textField({ gtin }, 'gtin', 14));
  return {
    ref: readRef(fields.ref, 'ref'),
    name: textField(fields, 'name', MOST_NAME_CHARS),
    ...optional('sku', fields, 255),
    ...(gtins ? { gtins } : {}),
    ...optional('unit', fields, 100),
    ...(fields.active === undefined ? {} : { active: flagField(fields, 'active') }),
  };
}

function readLocation(fields: Fields): OutsideLocation {
  return {
    ref: readRef(fields.ref, 'ref'),
    name: textField(fields, 'name', MOST_NAME_CHARS),
    ...optional('code', fields, 100),
    ...(fields.kind === undefined ? {} : { kind: oneOfField(fields, 'kind', LOCATION_KINDS) }),
    ...(fields.active === undefined ? {} : { active: flagField(fields, 'active') }),
  };
}

/** Outside systems write "none" as nothing, null or an empty text. */
function optional<Name extends string>(name: Name, fields: Fields, mostChars: number): { [name in Name]?: string } {
  const value = fields[name];
  return value === undefined || value === null || value === '' ? {} : ({ [name]: textField(fields, name, mostChars) } as { [name in Name]?: string });
}
