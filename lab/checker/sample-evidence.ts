import { PLAIN_RULES, type ChannelEvidence, type Evidence, type LedgerMovement, type SystemFact } from './evidence.js';

/** The systems of the sample, by their source numbers. */
const SOURCES = ['office', 'shop', 'tills', 'market', 'app'];

const AT = Date.UTC(2026, 10, 20, 12);

function channel(name: string, decides: ChannelEvidence['decides'], left: number): ChannelEvidence {
  return { channel: name, locations: ['warehouse'], rules: PLAIN_RULES, decides, beliefs: new Map([['MUG', left]]), figures: [{ item: 'MUG', available: left, at: AT, applied: true }] };
}

function fact(system: string, kind: SystemFact['kind'], document: string, quantity: number, afterMs: number): SystemFact {
  return { system, kind, eventId: `${system}/${document}`, line: '1', item: 'MUG', location: 'warehouse', quantity, occurredAt: AT + afterMs, order: document };
}

/** How the hub writes a fact down, as the ledger shows it. */
export function movementOf(told: SystemFact, position: number, delayMs = 20): LedgerMovement {
  const shelf = { location: told.location, condition: 'sellable' };
  const taken = told.kind === 'sale' || (told.kind === 'adjustment' && told.quantity < 0);
  const other = { virtual: told.kind === 'opening' ? 'opening' : told.kind === 'receipt' ? 'supplier' : told.kind === 'adjustment' ? 'loss' : 'customer' };
  return {
    position, source: SOURCES.indexOf(told.system) + 1, eventId: told.eventId, line: told.line, kind: told.kind, item: told.item, quantity: Math.abs(told.quantity),
    from: taken ? shelf : other, to: taken ? other : shelf, occurredAt: told.occurredAt, recordedAt: told.occurredAt + delayMs,
  };
}

/**
 * A small world in which everything is true: ten mugs come, the shop sells three and takes one back, the till sells two,
 * one breaks. Tests put one lie into it and see whether the checker names it.
 */
export function truthfulEvidence(): Evidence {
  const facts = [
    fact('office', 'opening', 'opening', 10, 0),
    fact('shop', 'sale', 'order-1', 3, 1_000),
    fact('tills', 'sale', 'receipt-1', 2, 2_000),
    fact('shop', 'return', 'refund-1', 1, 3_000),
    fact('office', 'adjustment', 'broken', -1, 4_000),
  ];
  const left = 5;
  return {
    items: ['MUG'],
    facts,
    sources: new Map(SOURCES.map((name, index) => [index + 1, name])),
    ledger: facts.map((told, index) => movementOf(told, index + 1)),
    levels: [{ item: 'MUG', location: 'warehouse', condition: 'sellable', onHand: left, reserved: 0 }],
    availability: ['shop', 'app', 'tills'].map((name) => ({ channel: name, item: 'MUG', now: left, steps: [{ term: 'usable', difference: left }] })),
    channels: [channel('shop', 'published', left), channel('app', 'reserves', 0), channel('tills', 'never-refuses', left)],
    holds: [],
    placedAt: new Map(),
    undelivered: new Map([['shop', 0], ['tills', 0]]),
    exceptions: [],
  };
}
