import type { SubscriptionResult } from '@crossdock/connector-sdk';
import { readOneEach } from './one-each.js';
import { fieldsOf, oneOfField, proseField, textField } from './read-fields.js';

/**
 * Judges a plugin's answer to `subscribeWebhooks`; a malformed entry counts as refused, and the next upkeep asks again.
 * @throws HubError PLUGIN_FAILED when there is not exactly one entry a topic.
 */
export function readSubscriptionResults(plugin: string, value: unknown, count: number): SubscriptionResult[] {
  return readOneEach<SubscriptionResult>(plugin, value, count, readSubscriptionResult, (detail) => ({ kind: 'rejected', code: 'malformed-answer', detail }));
}

function readSubscriptionResult(entry: unknown): SubscriptionResult {
  const fields = fieldsOf(entry, 'an entry');
  const kind = oneOfField(fields, 'kind', ['created', 'kept', 'repaired', 'rejected']);
  if (kind === 'rejected') return { kind, code: textField(fields, 'code', 100), detail: proseField(fields, 'detail') };
  return kind === 'repaired' ? { kind, detail: proseField(fields, 'detail') } : { kind };
}
