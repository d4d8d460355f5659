import { type CallContext, ConnectorError } from '@crossdock/connector-sdk';
import { API_VERSION, numericId, type ShopifyConfig } from '../config.js';
import { ask } from './admin-api.js';
import { dataOf } from './answer.js';
import { CHECK_HEALTH } from './documents.js';
import { isRecord } from './json-path.js';

/**
 * Proves address, token, scope and location without changing anything.
 *
 * @throws ConnectorError `auth_revoked`, `permission` or `config` where a person has to act, else `transient`.
 */
export async function checkHealth(ctx: CallContext<ShopifyConfig>): Promise<{ detail: string }> {
  const locationId = `gid://shopify/Location/${numericId(ctx.config.locationId)}`;
  const answer = await ask(ctx, CHECK_HEALTH, { locationId });
  if (answer.kind === 'refused') throw new ConnectorError('config', `Shopify does not take this location id: ${answer.complaints[0]?.message ?? ''}`);
  const { shop, location, currentAppInstallation } = dataOf(answer);
  if (!isRecord(shop)) throw new ConnectorError('transient', 'the answer named no shop');
  const missing = missingScopes(currentAppInstallation);
  if (missing.length > 0) throw new ConnectorError('permission', `the access token lacks ${missing.join(', ')}`);
  if (!isRecord(location)) throw new ConnectorError('config', `the shop has no location ${numericId(ctx.config.locationId)}`);
  if (location['isActive'] !== true) throw new ConnectorError('config', `location ${String(location['name'])} is not active`);
  const plan = isRecord(shop['plan']) ? String(shop['plan']['publicDisplayName']) : 'unknown plan';
  return { detail: `${String(shop['name'])} (${plan}), publishing to ${String(location['name'])}, Admin API ${API_VERSION}` };
}

/** Only what publishing needs: webhooks may have been set up by hand in Shopify's settings, which takes no scope at all. */
const NEEDED = ['write_inventory', 'read_locations'];

function missingScopes(installation: unknown): readonly string[] {
  const scopes = isRecord(installation) && Array.isArray(installation['accessScopes']) ? installation['accessScopes'] : [];
  const held = new Set(scopes.filter(isRecord).map((scope) => String(scope['handle'])));
  // A write scope includes reading.
  return NEEDED.filter((scope) => !held.has(scope) && !held.has(scope.replace(/^read_/, 'write_')));
}
