import { CONNECTOR_ERROR_KINDS, type ConnectorErrorKind } from '@crossdock/connector-sdk';
import { HubError } from '../../errors/index.js';

const LONGEST_RETRY_MS = 3_600_000;
const MOST_MESSAGE_CHARS = 1_000;

/** Kinds that only a person can mend. */
const FOR_A_PERSON: ReadonlySet<ConnectorErrorKind> = new Set(['config', 'auth_expired', 'auth_revoked', 'permission']);

/** What a child says of a failed call, in the hub's terms. Whatever is malformed in it counts as the plugin's bug. */
export function connectorFailure(plugin: string, said: Readonly<Record<string, unknown>>): HubError {
  const kind = (CONNECTOR_ERROR_KINDS as readonly unknown[]).includes(said.kind) ? (said.kind as ConnectorErrorKind) : 'plugin_bug';
  const detail = shortText(said.message, MOST_MESSAGE_CHARS) || `The plugin '${plugin}' failed and did not say why.`;
  const facts = { kind, plugin };
  if (FOR_A_PERSON.has(kind)) return new HubError('CONNECTION_REFUSED', { detail, facts });
  const { retryAfterMs } = said;
  const waits = typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? Math.min(retryAfterMs, LONGEST_RETRY_MS) / 1_000 : undefined;
  return new HubError('PLUGIN_FAILED', { detail, facts, retryAfterSeconds: waits });
}

/** Text that came from a child, bounded; anything else is empty. */
export function shortText(value: unknown, most: number): string {
  return typeof value === 'string' ? value.slice(0, most) : '';
}
