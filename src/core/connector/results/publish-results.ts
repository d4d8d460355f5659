import type { PublishResult } from '@crossdock/connector-sdk';
import { readOneEach } from './one-each.js';
import { fieldsOf, integerField, oneOfField, proseField, textField, type Fields } from './read-fields.js';

const LONGEST_RETRY_MS = 86_400_000;

/**
 * Judges a plugin's answer to `publishInventory`. A malformed entry says nothing about what happened outside: ambiguous.
 * @throws HubError PLUGIN_FAILED when there is not exactly one entry a figure.
 */
export function readPublishResults(plugin: string, value: unknown, count: number): PublishResult[] {
  return readOneEach<PublishResult>(plugin, value, count, readPublishResult, (reason) => ({ kind: 'ambiguous', reason }));
}

function readPublishResult(entry: unknown): PublishResult {
  const fields = fieldsOf(entry, 'an entry');
  const kind = oneOfField(fields, 'kind', ['applied', 'unchanged', 'stale', 'rejected', 'retry', 'ambiguous']);
  if (kind === 'rejected') return { kind, code: textField(fields, 'code', 100), detail: proseField(fields, 'detail') };
  if (kind === 'retry') return { kind, afterMs: waitField(fields, 'afterMs'), reason: proseField(fields, 'reason') };
  if (kind === 'ambiguous') return { kind, reason: proseField(fields, 'reason') };
  return { kind };
}

/** A wait that was computed from seconds is often no whole number of milliseconds. */
export function waitField(fields: Fields, name: string): number {
  const value = fields[name];
  return integerField({ [name]: typeof value === 'number' ? Math.ceil(value) : value }, name, 0, LONGEST_RETRY_MS);
}
