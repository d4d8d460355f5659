import { CANARY, CONNECTIONS, NAMED_AGAIN } from '../outside.js';
import { PASSWORD } from '../root.js';

const { till, shop, books, otherShop } = CONNECTIONS;
const CREDENTIALS = [till, shop, books].map(({ credentials }) => ({ credentials }));
const moment = '2026-11-01T10:00:00Z';

/**
 * Bodies that fit in ways which a schema cannot say: parts that depend on each other, on the path, or on a manifest.
 * They are sent as they are and, as often, with changes.
 */
export const EXAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  'POST /admin/v1/connections': [till, shop, books, otherShop].map(({ id: _id, ...rest }) => rest),
  'PATCH /admin/v1/connections/{id}': [{ name: 'renamed' }, { matchItemsBy: 'sku' }, { matchItemsBy: 'reference', allowPrivateNetwork: true }, { config: till.config }, { config: books.config }],
  'PUT /admin/v1/connections/{id}/credentials': [...CREDENTIALS, { credentials: { webhookSecret: CANARY }, keepPreviousForSeconds: 60 }],
  'PUT /admin/v1/connections/{id}/subscriptions': [{}, { topics: ['orders/create'] }, { topics: ['refunds/create', 'orders/cancelled'] }],
  'PUT /admin/v1/connections/{id}/posting': [{ from: 'now' }, { from: 'beginning', restart: true }, { from: 'now', restart: true }],
  'POST /admin/v1/connections/{id}/feeds/{feed}/reset': [{ confirm: 'stock-moves', to: 'start' }, { confirm: 'orders', to: 'start' }, { confirm: 'orders', to: moment }],
  'PUT /admin/v1/connections/{id}/cross-references': [{ references: NAMED_AGAIN }, { references: NAMED_AGAIN.slice(1), replace: true }],
  'POST /admin/v1/connections/{id}/matches/accept': [{}, { entity: 'item' }, { dryRun: true }],
  'PUT /admin/v1/me/password': [{ currentPassword: PASSWORD, newPassword: PASSWORD }],
  'PATCH /admin/v1/clients/{id}': [{ name: 'renamed' }, { scopes: ['stock:read'] }, { limits: { ratePerSecond: 100, burst: 200 } }, { limits: { perDay: 1_000_000 } }, { limits: {} }],
  'POST /admin/v1/clients/{id}/keys': [{}, { name: 'second' }, { expiresAt: '2999-01-01T00:00:00Z' }],
  'POST /admin/v1/clients/{id}/rotate': [{}, { overlapSeconds: 0 }, { name: 'next', overlapSeconds: 60, expiresAt: '2999-01-01T00:00:00Z' }],
  'PUT /api/v1/items/{id}': [{ name: 'Item' }],
  'PUT /api/v1/locations/{id}': [{ name: 'Store', type: 'store' }, { name: 'Warehouse', type: 'warehouse' }],
  'PUT /api/v1/channels/{id}': [{ name: 'Web', locations: ['warehouse', 'store-1'] }],
  'POST /api/v1/reservations/{id}/consume': [{ location: 'warehouse' }, { location: 'store-1' }],
  'POST /api/v1/stock-movements': [{ movements: [{ eventId: 'example-1', kind: 'receipt', item: 'A-1', quantity: 5, location: 'warehouse', occurredAt: moment }] }],
  'POST /oauth2/token': [{ grant_type: 'client_credentials' }, { grant_type: 'client_credentials', scope: 'stock:read' }],
};

/** Queries that fit together, of operations that take them in place of a body. */
export const QUERIES: Readonly<Record<string, readonly string[]>> = {
  'DELETE /admin/v1/connections/{id}/cross-references': NAMED_AGAIN.map(({ entity, type, externalId }) => String(new URLSearchParams({ entity, type, externalId }))),
};
