/** A call that names what a client with the grants of `LIMITED` was not granted. */
export interface ForeignCall {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Below `/api/v1`. */
  readonly path: string;
  readonly body?: object;
  /** Where the refusal has to point. */
  readonly pointers: readonly string[];
}

/**
 * What each operation of the business API means for a client that is limited to some objects.
 * - calls: it names objects, and each of these calls is refused with NOT_GRANTED.
 * - `own`: it lists objects, or works on what the client has made; lists leave out what was not granted.
 * - `shared`: it answers what is no one's in particular, by scope alone.
 * - `unlimited`: it changes what all share, and takes a client that is not limited.
 */
export type ObjectRule = readonly ForeignCall[] | 'own' | 'shared' | 'unlimited';

export const LIMITED = { channels: ['app'], locations: ['dc'] } as const;

const occurredAt = '2026-06-01T12:00:00Z';
const movement = (eventId: string, location: string, to?: string): object => ({ eventId, kind: to === undefined ? 'receipt' : 'transfer', item: 'A', quantity: 1, location, ...(to === undefined ? {} : { to }), occurredAt });
const count = (eventId: string, location: string): object => ({ eventId, item: 'A', location, quantity: 1, asOf: occurredAt });

/** By operationId. The walk of the OpenAPI document in test/integration/openapi.spec.ts fails for an operation that is not here; test/integration/limited-clients.spec.ts makes the calls. */
export const OBJECTS: Readonly<Record<string, ObjectRule>> = {
  listItems: 'shared',
  readItem: 'shared',
  putItem: 'unlimited',
  saveItems: 'unlimited',
  listLocations: 'own',
  readLocation: [{ method: 'GET', path: '/locations/store-1', pointers: ['{id}'] }, { method: 'GET', path: '/locations/none-such', pointers: ['{id}'] }],
  putLocation: 'unlimited',
  saveLocations: 'unlimited',
  listChannels: 'own',
  readChannel: [{ method: 'GET', path: '/channels/web', pointers: ['{id}'] }, { method: 'GET', path: '/channels/none-such', pointers: ['{id}'] }],
  putChannel: 'unlimited',
  saveChannels: 'unlimited',
  readSellingRules: [{ method: 'GET', path: '/channels/web/selling-rules', pointers: ['{id}'] }],
  replaceSellingRules: [{ method: 'PUT', path: '/channels/web/selling-rules', body: {}, pointers: ['{id}'] }],
  recordStockMovements: [
    { method: 'POST', path: '/stock-movements', body: { movements: [movement('m1', 'dc'), movement('m2', 'store-1')] }, pointers: ['/movements/1/location'] },
    { method: 'POST', path: '/stock-movements', body: { movements: [movement('m3', 'dc', 'store-1')] }, pointers: ['/movements/0/to'] },
    { method: 'POST', path: '/stock-movements', body: { movements: [movement('m4', 'store-1', 'dc'), movement('m5', 'none-such')] }, pointers: ['/movements/0/location', '/movements/1/location'] },
  ],
  recordStockObservations: [{ method: 'POST', path: '/stock-observations', body: { observations: [count('c1', 'dc'), count('c2', 'store-1')] }, pointers: ['/observations/1/location'] }],
  listStockLevels: [{ method: 'GET', path: '/stock-levels?location=dc,store-1', pointers: ['?location'] }],
  setSafetyStock: [{ method: 'PUT', path: '/stock-levels/A/store-1/safety-stock', body: { quantity: 1 }, pointers: ['{location}'] }],
  readLedger: [{ method: 'GET', path: '/ledger?location=store-1', pointers: ['?location'] }],
  readAvailability: [{ method: 'GET', path: '/availability?channel=web&item=A', pointers: ['?channel'] }],
  listPublications: [{ method: 'GET', path: '/publications?channel=web', pointers: ['?channel'] }],
  listReservations: 'own',
  reserveStock: [{ method: 'POST', path: '/reservations', body: { key: 'k', channel: 'web', ttlSeconds: 60, lines: [{ item: 'A', quantity: 1 }] }, pointers: ['/channel'] }],
  readReservation: 'own',
  consumeReservation: [{ method: 'POST', path: '/reservations/1/consume', body: { location: 'store-1' }, pointers: ['/location'] }],
  releaseReservation: 'own',
};
