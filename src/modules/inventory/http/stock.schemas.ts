import { Type, type Static } from '@sinclair/typebox';
import type { ReportedKind } from '../../../core/canonical/index.js';
import { pageQuery } from '../../../core/http/paging/page-schemas.js';
import type { ReservationState } from '../reservation/reservation.js';

/** Canonical ids, as the catalogue takes them. */
const Id = Type.String({ minLength: 1, maxLength: 64 });
const EventId = Type.String({ minLength: 1, maxLength: 200, description: 'Business key of the fact: the same for every message that tells of it. (caller, eventId, line) is applied once, for ever.' });
const Moment = Type.String({ format: 'date-time', maxLength: 40 });
const Condition = Type.Union([Type.Literal('sellable'), Type.Literal('damaged'), Type.Literal('quality_control'), Type.Literal('in_transit')], { description: 'Default sellable.' });
const MOST_UNITS = 1_000_000_000;
const closed = { additionalProperties: false } as const;

export const Movement = Type.Object(
  {
    eventId: EventId,
    line: Type.Optional(Type.String({ maxLength: 100, description: "Part of the fact, for example an order line's id. Default: empty." })),
    kind: Type.Unsafe<ReportedKind>({ type: 'string', enum: ['sale', 'receipt', 'return', 'adjustment', 'damage', 'transfer', 'opening'] }),
    item: Id,
    quantity: Type.Integer({ minimum: -MOST_UNITS, maximum: MOST_UNITS, description: 'Units, above zero; an adjustment may take away with a negative quantity.' }),
    location: Id,
    condition: Type.Optional(Condition),
    to: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Where a transfer arrives; only for kind transfer.' })),
    occurredAt: Moment,
  },
  closed,
);
export const Movements = Type.Object({ movements: Type.Array(Movement, { minItems: 1, maxItems: 10_000 }) }, closed);

export const Observation = Type.Object(
  {
    eventId: EventId,
    item: Id,
    location: Id,
    condition: Type.Optional(Condition),
    quantity: Type.Integer({ minimum: -MOST_UNITS, maximum: MOST_UNITS }),
    asOf: Type.String({ format: 'date-time', maxLength: 40, description: 'When the figure was true. Movements that happened later stay; an older figure than the last applied one changes nothing.' }),
    basis: Type.Optional(Type.Union([Type.Literal('onHand'), Type.Literal('netOfOrders')], { description: 'netOfOrders: orders placed up to asOf are subtracted already, as they are in the ledger, where an order is a sale from its moment on. There is no order watermark yet. Default onHand.' })),
  },
  closed,
);
export const Observations = Type.Object({ observations: Type.Array(Observation, { minItems: 1, maxItems: 10_000 }) }, closed);

const Outcome = { code: Type.Optional(Type.String({ description: 'Error code of docs/errors.md when rejected.' })), detail: Type.Optional(Type.String()) };
export const MovementResults = Type.Object({
  results: Type.Array(Type.Object({ status: Type.Union([Type.Literal('applied'), Type.Literal('duplicate'), Type.Literal('rejected')]), ...Outcome })),
});
export const ObservationResults = Type.Object({
  results: Type.Array(
    Type.Object({
      status: Type.Union([Type.Literal('applied'), Type.Literal('stale'), Type.Literal('duplicate'), Type.Literal('rejected')]),
      correction: Type.Optional(Type.Integer({ description: 'Signed units that the ledger was corrected by.' })),
      ...Outcome,
    }),
  ),
});

export const LevelQuery = pageQuery({
  item: Type.Optional(Type.String({ maxLength: 70_000, description: 'One item id, or several separated by commas (1,000 at most).' })),
  location: Type.Optional(Type.String({ maxLength: 70_000, description: 'One location id, or several separated by commas (1,000 at most).' })),
  negative: Type.Optional(Type.Boolean({ description: 'Only figures below zero.' })),
});
export const LedgerQuery = pageQuery({ item: Type.Optional(Id), location: Type.Optional(Id) }, 10_000);
export const AvailabilityQuery = Type.Object(
  { channel: Id, item: Type.String({ minLength: 1, maxLength: 70_000, description: 'One item id, or several separated by commas (1,000 at most).' }) },
  closed,
);
export const PublicationQuery = pageQuery({
  channel: Id,
  state: Type.Optional(Type.Union([Type.Literal('waiting'), Type.Literal('refused'), Type.Literal('published')])),
});

const Units = { minimum: 0, maximum: MOST_UNITS } as const;
export const SellingRulesBody = Type.Object(
  {
    safetyStock: Type.Optional(Type.Integer({ ...Units, default: 0 })),
    threshold: Type.Optional(Type.Integer({ ...Units, default: 0 })),
    buffer: Type.Optional(Type.Integer({ ...Units, default: 0 })),
    sharePercent: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, default: 100 })),
    cap: Type.Optional(Type.Union([Type.Integer(Units), Type.Null()], { default: null })),
  },
  closed,
);
export const SafetyStockBody = Type.Object({ quantity: Type.Integer(Units) }, closed);

export const ReservationBody = Type.Object(
  {
    key: Type.String({ minLength: 1, maxLength: 200, description: "The cart's or order's identity. The same key and lines get the stored answer; other lines replace the hold while it is held." }),
    channel: Id,
    ttlSeconds: Type.Integer({ minimum: 1, maximum: 2_592_000 }),
    allowPartial: Type.Optional(Type.Boolean({ default: false })),
    lines: Type.Array(Type.Object({ item: Id, quantity: Type.Integer({ minimum: 1, maximum: MOST_UNITS }) }, closed), { minItems: 1, maxItems: 500 }),
  },
  closed,
);
export const ConsumeBody = Type.Object({ location: Id }, closed);
export const ReservationQuery = pageQuery({
  key: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  state: Type.Optional(Type.Unsafe<ReservationState>({ type: 'string', enum: ['HELD', 'CONSUMED', 'RELEASED', 'EXPIRED'] })),
});

export type MovementBody = Static<typeof Movement>;
export type ObservationBody = Static<typeof Observation>;
