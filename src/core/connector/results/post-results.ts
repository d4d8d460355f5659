import type { PostResult } from '@crossdock/connector-sdk';
import { readOneEach } from './one-each.js';
import { waitField } from './publish-results.js';
import { fieldsOf, oneOfField, proseField, textField } from './read-fields.js';

/**
 * Judges a plugin's answer to `postMovements`. A malformed entry says nothing about what happened outside: ambiguous.
 * @throws HubError PLUGIN_FAILED when there is not exactly one entry a posting.
 */
export function readPostResults(plugin: string, value: unknown, count: number): PostResult[] {
  return readOneEach<PostResult>(plugin, value, count, readPostResult, (reason) => ({ kind: 'ambiguous', reason }));
}

function readPostResult(entry: unknown): PostResult {
  const fields = fieldsOf(entry, 'an entry');
  const kind = oneOfField(fields, 'kind', ['applied', 'duplicate', 'unchanged', 'rejected', 'retry', 'ambiguous']);
  if (kind === 'rejected') return { kind, code: textField(fields, 'code', 100), detail: proseField(fields, 'detail') };
  if (kind === 'retry') return { kind, afterMs: waitField(fields, 'afterMs'), reason: proseField(fields, 'reason') };
  if (kind === 'ambiguous') return { kind, reason: proseField(fields, 'reason') };
  const reference = proseField(fields, 'reference');
  return kind === 'unchanged' || reference === '' ? { kind } : { kind, reference };
}
