import { describe, expect, it } from 'vitest';
import type { JournalFact } from '../outside-system.js';
import { Shelves } from './shelves.js';

const fact = (kind: JournalFact['kind'], quantity: number): JournalFact => ({ eventId: kind, line: '', kind, item: 'MUG', location: 'store-1', quantity, occurredAt: 0 });

describe('the shelves', () => {
  it('follow the journals as they grow', () => {
    const journal: JournalFact[] = [fact('receipt', 10)];
    const shelves = new Shelves([{ journal }], [{ location: 'store-1', item: 'MUG', quantity: 2 }]);
    expect(shelves.onHand('store-1', 'MUG')).toBe(12);
    journal.push(fact('sale', 3), fact('return', 1), fact('adjustment', -2));
    expect(shelves.onHand('store-1', 'MUG')).toBe(8);
    journal.push(fact('count', 5), fact('sale', 1));
    expect(shelves.onHand('store-1', 'MUG')).toBe(4);
    expect(shelves.onHand('store-2', 'MUG')).toBe(0);
  });
});
