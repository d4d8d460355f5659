import { expect, it } from 'vitest';
import type { LedgerEntry } from '../ledger/read-ledger.js';
import { postingKey } from './posting-keys.js';

it('makes keys as it always has, from what the movement says and not from where it stands', () => {
  const entry: LedgerEntry = {
    position: '812.4.0', kind: 'sale', item: 'A', quantity: 2, from: { location: 'dc', condition: 'sellable' }, to: { virtual: 'customer' },
    source: 3, eventId: 'order-1', line: '1', occurredAt: '2026-06-01T12:00:00.000Z', recordedAt: '2026-06-01T12:00:01.000Z', correlationId: 'c',
  };
  const key = (change: Partial<LedgerEntry> = {}, connection = 7): string => postingKey('6b1c1f0e-0000-4000-8000-000000000000', connection, { ...entry, ...change });
  expect(key()).toBe('crossdock:cd41f96758fe104a9dbd3ecc80640a3a');
  expect(key({ position: '9.9.9', recordedAt: '2027-01-01T00:00:00.000Z', correlationId: 'd' })).toBe(key());
  const others = [key({}, 8), key({ quantity: 3 }), key({ eventId: 'order-2' }), key({ to: { virtual: 'loss' } }), key({ kind: 'netting' }), key({ item: 'B' }), key({ source: 4 })];
  expect(new Set([key(), ...others]).size).toBe(8);
});
