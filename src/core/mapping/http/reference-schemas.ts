import { Type, type Static } from '@sinclair/typebox';
import { LONGEST_ID } from '../../canonical/index.js';
import { pageQuery } from '../../http/paging/page-schemas.js';
import { LONGEST_EXTERNAL_ID, LONGEST_TYPE, type MappedEntity } from '../reference.js';

const entity = Type.Unsafe<MappedEntity>({ type: 'string', enum: ['item', 'location'] });
const type = Type.String({ minLength: 1, maxLength: LONGEST_TYPE, examples: ['variant'], description: 'The kind of id in the outside system, as its connector names it.' });
const externalId = Type.String({ minLength: 1, maxLength: LONGEST_EXTERNAL_ID, description: 'What the outside system calls it; compared byte by byte.' });
const canonicalId = Type.String({ minLength: 1, maxLength: LONGEST_ID, description: "The hub's id of the item or location; it may be created later." });
const alias = Type.Boolean({
  default: false,
  description: 'An alias is understood when it comes in and never used when the hub calls out. Of the references of one type that mean the same thing, one alone is no alias.',
});

export const Reference = Type.Object({ entity, type, externalId, canonicalId, alias });
export type ReferenceView = Static<typeof Reference>;

export const SaveReferences = Type.Object(
  {
    references: Type.Array(
      Type.Object({ entity, type, externalId, canonicalId, alias: Type.Optional(alias) }, { additionalProperties: false }),
      { minItems: 1, maxItems: 10_000 },
    ),
    replace: Type.Optional(Type.Boolean({
      default: false,
      description: 'Overwrite what conflicts: the external id is pointed anew, and the one that was spoken for the same thing becomes an alias.',
    })),
  },
  { additionalProperties: false },
);
export type ReferencesToSave = { readonly references: readonly ReferenceView[]; readonly replace: boolean };

export const SavedReference = Type.Object({
  status: Type.Unsafe<'created' | 'updated' | 'unchanged' | 'conflict'>({ type: 'string', enum: ['created', 'updated', 'unchanged', 'conflict'] }),
  detail: Type.Optional(Type.String()),
  holder: Type.Optional(Reference),
});
export type SavedReferenceView = Static<typeof SavedReference>;

export const ReferenceQuery = pageQuery({ entity: Type.Optional(entity), type: Type.Optional(type), externalId: Type.Optional(externalId), canonicalId: Type.Optional(canonicalId) });
export type ReferencesAsked = Static<typeof ReferenceQuery>;

export const ReferenceName = Type.Object({ entity, type, externalId }, { additionalProperties: false });
export type ReferenceNamed = Static<typeof ReferenceName>;

export const ImportQuery = Type.Object({ replace: Type.Boolean({ default: false, description: 'As for the references in JSON.' }) }, { additionalProperties: false });
export type ImportAsked = Static<typeof ImportQuery>;

export const Imported = Type.Object({
  created: Type.Integer(), updated: Type.Integer(), unchanged: Type.Integer(),
  refused: Type.Integer({ description: 'Lines that changed nothing because something is wrong with them.' }),
  refusals: Type.Array(Type.Object({ line: Type.Integer(), detail: Type.String() }), { description: 'The first 1,000 of them.' }),
});
