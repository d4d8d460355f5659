import { Type, type TProperties, type TSchema } from '@sinclair/typebox';

/** How the parameters of every page are described, in schemas and in DTOs alike. */
export const WORDS = {
  limit: 'Most entries on the page.',
  after: 'The `next` of the page before; without it the first page.',
  next: 'Pass as `after` for the next page; null at the end.',
} as const;
export const LONGEST_CURSOR = 8_192;

export const After = Type.String({ maxLength: LONGEST_CURSOR, description: WORDS.after });
export const Next = Type.Unsafe<string | null>({ type: ['string', 'null'], description: WORDS.next });

/** The query of a list: its page, and the filters that it takes. Anything else is refused. */
export function pageQuery<Filters extends TProperties>(filters: Filters, most = 1_000, byDefault = 100) {
  return Type.Object(
    { limit: Type.Integer({ minimum: 1, maximum: most, default: byDefault, description: WORDS.limit }), after: Type.Optional(After), ...filters },
    { additionalProperties: false },
  );
}

export function pageAnswer<Entry extends TSchema>(entry: Entry) {
  return Type.Object({ items: Type.Array(entry), next: Next });
}
