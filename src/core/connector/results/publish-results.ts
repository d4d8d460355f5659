import type { PublishResult } from '@crossdock/connector-sdk';
import { miscounted } from './parse-results.js';
import { fieldsOf, integerField, Malformed, oneOfField, proseField, textField } from './read-fields.js';

const LONGEST_RETRY_MS = 86_400_000;

/**
 * Judges a plugin's answer to `publishInventory`. A malformed entry says nothing about what happened outside: ambiguous.
 * @throws HubError PLUGIN_FAILED when there is not exactly one entry a figure.
 */
export function readPublishResults(plugin: string, value: unknown, count: number): PublishResult[] {
  if (!Array.isArray(value) || value.length !== count) throw miscounted(plugin, value, count);
  return Array.from(value, (entry: unknown) => {
    try {
      return readPublishResult(entry);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return { kind: 'ambiguous', reason: `The connector's answer is malformed: ${error.message}.` };
    }
  });
}

function readPublishResult(entry: unknown): PublishResult {
  const fields = fieldsOf(entry, 'an entry');
  const kind = oneOfField(fields, 'kind', ['applied', 'unchanged', 'stale', 'rejected', 'retry', 'ambiguous']);
  if (kind === 'rejected') return { kind, code: textField(fields, 'code', 100), detail: proseField(fields, 'detail') };
  if (kind === 'retry') return { kind, afterMs: integerField({ afterMs: upward(fields.afterMs) }, 'afterMs', 0, LONGEST_RETRY_MS), reason: proseField(fields, 'reason') };
  if (kind === 'ambiguous') return { kind, reason: proseField(fields, 'reason') };
  return { kind };
}

/** A wait that was computed from seconds is often no whole number of milliseconds. */
function upward(value: unknown): unknown {
  return typeof value === 'number' ? Math.ceil(value) : value;
}
