import { type CallContext, ConnectorError } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import { type Fields, isRecord, recordsOf } from '../mapping/fields.js';
import { read } from './admin-api.js';
import { CHECK_HEALTH } from './documents.js';

/** Each line one permission, any of which will do. */
const NEEDED: readonly (readonly string[])[] = [['ReadOrder'], ['ReadCatalog', 'ReadProduct'], ['UpdateCatalog', 'UpdateProduct'], ['ReadStockLocation', 'ReadCatalog']];

/**
 * Proves address, credentials, permissions, channel and location without changing anything.
 * @throws ConnectorError auth_revoked, permission or config where a person has to act, else transient
 */
export async function checkHealth(ctx: CallContext<VendureConfig>): Promise<{ detail: string }> {
  const { channelToken, locationId } = ctx.config;
  const { me, activeChannel, stockLocation, stockLocations } = await read(ctx, CHECK_HEALTH, { locationId });
  if (!isRecord(activeChannel)) throw new ConnectorError('transient', 'the answer named no channel');
  // A server with one channel takes any token for it.
  if (channelToken !== undefined && activeChannel['token'] !== channelToken) throw new ConnectorError('config', 'the server has no channel with this token');
  const missing = missingPermissions(me, activeChannel['token']);
  if (missing.length > 0) throw new ConnectorError('permission', `the administrator lacks ${missing.join(', ')} in channel ${String(activeChannel['code'])}`);
  const locations = isRecord(stockLocations) ? stockLocations : {};
  const inChannel = recordsOf(locations['items']).some((location) => location['id'] === locationId);
  if (!isRecord(stockLocation) || !inChannel) throw new ConnectorError('config', `channel ${String(activeChannel['code'])} has no stock location ${locationId}`);
  const others = Number(locations['totalItems']) - 1;
  const warning = others > 0 ? `; the channel sells from ${others} more: what is free there counts into each figure, and all sales are booked here` : '';
  return { detail: `Channel ${String(activeChannel['code'])}, publishing to ${String(stockLocation['name'])}${warning}` };
}

function missingPermissions(me: unknown, token: unknown): string[] {
  const channels = recordsOf(isRecord(me) ? me['channels'] : undefined);
  const channel: Fields = channels.find((one) => one['token'] === token) ?? {};
  const held = new Set(Array.isArray(channel['permissions']) ? channel['permissions'].map(String) : []);
  if (held.has('SuperAdmin')) return [];
  return NEEDED.filter((any) => !any.some((permission) => held.has(permission))).map((any) => any.join(' or '));
}
