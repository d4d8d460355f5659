import { Type, type TSchema } from '@sinclair/typebox';

/** What the inventory's operations answer, for the OpenAPI document. */
const Id = Type.String();
const Units = Type.Integer({ description: "Units in the item's stock-keeping unit." });
const Moment = Type.String({ format: 'date-time' });
const nullable = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);
const Condition = Type.String({ enum: ['sellable', 'damaged', 'quality_control', 'in_transit'] });


export const LevelAnswer = Type.Object({
  item: Id,
  location: Id,
  condition: Condition,
  onHand: Type.Integer({ description: 'Fold of every movement. Below zero when outside facts say that more left than came.' }),
  reserved: Units,
  safetyStock: Units,
  countedAsOf: nullable(Moment),
  negativeSince: nullable(Moment),
});

const Account = Type.Union([Type.Object({ location: Id, condition: Condition }), Type.Object({ virtual: Type.String({ enum: ['supplier', 'customer', 'loss', 'opening', 'elsewhere'], description: '`elsewhere`: a location that the client was not granted.' }) })]);
const LedgerEntryAnswer = Type.Object({
  position: Type.String({ description: 'Stable position in the feed.' }),
  kind: Type.String({ enum: ['sale', 'receipt', 'return', 'adjustment', 'damage', 'transfer', 'opening', 'count_correction', 'netting'] }),
  item: Id,
  quantity: Units,
  from: Account,
  to: Account,
  source: Type.Integer({ description: 'Number of the connection or API client that brought the fact.' }),
  eventId: Type.String(),
  line: Type.String(),
  occurredAt: Moment,
  recordedAt: Moment,
  correlationId: Type.String(),
  countedBy: Type.Optional(Type.Integer({ description: 'Of a netting movement: number of the source whose count had seen the movement already.' })),
});
export const LedgerAnswer = Type.Object({
  items: Type.Array(LedgerEntryAnswer),
  next: Type.String({ description: 'Where to go on, now or later.' }),
  more: Type.Boolean({ description: 'There is more already.' }),
});

const Told = nullable(Type.Object({ quantity: Units, at: Moment }, { description: 'What the channel last acknowledged.' }));
export const AvailabilityAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      item: Id,
      channel: Id,
      now: Type.Integer({ minimum: 0, description: 'Units that the channel may promise at this moment.' }),
      asOf: Moment,
      version: Type.Integer({ description: 'Grows with each change of `now`.' }),
      published: Told,
      terms: Type.Optional(Type.Array(
        Type.Object({ term: Type.String({ enum: ['usable', 'safety', 'demand', 'stranded', 'share', 'threshold', 'buffer', 'cap', 'floor'] }), amount: Type.Integer() }),
        { description: 'Signed steps that add up to `now`. Left out for a limited client: they sum stock of locations and holds of channels that are not its own.' },
      )),
    }),
  ),
});

export const PublicationAnswer = Type.Object({
  item: Id,
  now: Units,
  published: Told,
  waitingSince: nullable(Moment),
  attempts: Type.Integer(),
  fault: nullable(Type.String({ description: 'Why the last try did not succeed, or why the channel refused the item.' })),
});

export const SellingRulesAnswer = Type.Object({ safetyStock: Units, threshold: Units, buffer: Units, sharePercent: Type.Integer(), cap: nullable(Units) });

export const ReservationAnswer = Type.Object({
  id: Id,
  key: Type.String(),
  channel: Id,
  state: Type.String({ enum: ['HELD', 'CONSUMED', 'RELEASED', 'EXPIRED'] }),
  lines: Type.Array(Type.Object({ line: Type.Integer({ description: 'Position in the request, from 0.' }), item: Id, quantity: Units })),
  expiresAt: Moment,
  createdAt: Moment,
});
