import { Type, type Static } from '@sinclair/typebox';
import { After, Next, pageAnswer } from '../../http/paging/page-schemas.js';
import { MATCH_REASONS, type MatchReason } from '../../mapping/known-catalog.js';
import { LONGEST_EXTERNAL_ID, LONGEST_TYPE, type MappedEntity } from '../../mapping/reference.js';
import { CONFLICT_KINDS, MATCH_STATES, type ConflictKind, type MatchState } from '../match/match.js';

const oneOf = <T extends string>(values: readonly T[], description?: string) => Type.Unsafe<T>({ type: 'string', enum: [...values], ...(description ? { description } : {}) });
const nullable = (schema: object) => Type.Unsafe<string | null>({ type: ['string', 'null'], ...schema });

const entity = oneOf<MappedEntity>(['item', 'location']);
const type = Type.String({ minLength: 1, maxLength: LONGEST_TYPE, description: 'The kind of id in the outside system, as its connector names it.' });
const externalId = Type.String({ minLength: 1, maxLength: LONGEST_EXTERNAL_ID });

export const SurveyRequest = Type.Object(
  { entities: Type.Optional(Type.Array(entity, { minItems: 1, maxItems: 2, uniqueItems: true, description: 'Default: all that the connector can list.' })) },
  { additionalProperties: false },
);
export type SurveyAsked = Static<typeof SurveyRequest>;

export const SurveyAnswer = Type.Object({
  entity,
  state: oneOf(['waiting', 'running', 'done', 'cancelled'], '`waiting`: it begins at `dueAt`. After a failure a `running` one goes on at `dueAt` where it stood.'),
  pages: Type.Integer(), entries: Type.Integer({ description: 'Read so far.' }),
  startedAt: nullable({ format: 'date-time' }), finishedAt: nullable({ format: 'date-time' }), dueAt: Type.String({ format: 'date-time' }),
  failures: Type.Integer(), lastError: nullable({}),
  complete: Type.Boolean({ description: 'Whether any survey came to its end: before that, what is not listed is not known.' }),
});

export const MatchQuery = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'Most entries on the page; a page may hold less and yet not be the last.' }),
    after: Type.Optional(After), entity: Type.Optional(entity), type: Type.Optional(type), state: Type.Optional(oneOf<MatchState>(MATCH_STATES)),
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'Part of a name, SKU, code or id, in any case.' })),
    conflict: Type.Optional(Type.Array(oneOf<ConflictKind>(CONFLICT_KINDS), { minItems: 1, maxItems: CONFLICT_KINDS.length, uniqueItems: true, description: 'Entries with any of these conflicts only.' })),
  },
  { additionalProperties: false },
);
export type MatchesAsked = Static<typeof MatchQuery>;

export const MatchAnswer = Type.Object({
  entity, type, externalId,
  state: oneOf<MatchState>(MATCH_STATES, '`open`: no cross-reference yet. `unlisted`: a cross-reference names it, and the outside system does not list it (any more).'),
  name: nullable({}), sku: nullable({}), code: nullable({}), gtins: Type.Array(Type.String()), unit: nullable({}), kind: nullable({}), active: Type.Boolean(),
  canonicalId: nullable({ description: 'What the cross-reference leads to.' }), alias: Type.Boolean(),
  candidates: Type.Array(Type.Object({ canonicalId: Type.String(), name: Type.String(), reason: oneOf<MatchReason>(MATCH_REASONS) }), { description: 'What an open entry may be, the surest first.' }),
  conflicts: Type.Array(Type.Object({ kind: oneOf<ConflictKind>(CONFLICT_KINDS), detail: Type.String() })),
});
export const MatchPageAnswer = pageAnswer(MatchAnswer);

export const AcceptRequest = Type.Object(
  {
    entity: Type.Optional(entity),
    reasons: Type.Array(oneOf<MatchReason>(['sku', 'gtin', 'code']), { minItems: 1, maxItems: 3, uniqueItems: true, default: ['sku', 'gtin', 'code'], description: 'Signs that count as sure enough.' }),
    dryRun: Type.Boolean({ default: false, description: 'Say what would be done and do nothing.' }),
    after: Type.Optional(After),
  },
  { additionalProperties: false },
);
export type AcceptAsked = Static<typeof AcceptRequest>;
export const AcceptAnswer = Type.Object({ matched: Type.Integer(), left: Type.Integer({ description: 'Open entries left for a person.' }), next: Next });

export const AdoptRequest = Type.Object({ entity, dryRun: Type.Boolean({ default: false }), after: Type.Optional(After) }, { additionalProperties: false });
export type AdoptAsked = Static<typeof AdoptRequest>;
export const AdoptAnswer = Type.Object({
  adopted: Type.Integer(), left: Type.Integer({ description: 'Open entries that look like something in the catalogue.' }),
  refused: Type.Array(Type.Object({ type, externalId, detail: Type.String() }), { description: 'The first 100 that could not be adopted.' }), next: Next,
});

export const IgnoreRequest = Type.Object(
  { entries: Type.Array(Type.Object({ entity, type, externalId }, { additionalProperties: false }), { minItems: 1, maxItems: 1_000 }), ignored: Type.Boolean({ default: true, description: 'false puts them back.' }) },
  { additionalProperties: false },
);
export type IgnoreAsked = Static<typeof IgnoreRequest>;
export const IgnoreAnswer = Type.Object({ changed: Type.Integer({ description: 'How many of them are known.' }) });
