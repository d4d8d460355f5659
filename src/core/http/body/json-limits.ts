import { HubError } from '../../errors/index.js';

/**
 * What a JSON body may hold at most, whatever its operation and its length in bytes: all of it above what any schema of
 * ours describes, so that a body within its schema never meets these. They bound what code behind the door (validation,
 * redaction, storing) has to bear from values that a schema leaves open, and stand in docs/limits.md.
 */
export const JSON_LIMITS = {
  /** Objects and lists within each other. */
  levels: 64,
  /** Fields of one object. */
  fields: 1_000,
  /** Entries of one list. */
  entries: 20_000,
  /** UTF-16 units of one text. */
  characters: 65_536,
  /** The same of the name of a field. */
  nameCharacters: 1_024,
} as const;

export type JsonLimit = keyof typeof JSON_LIMITS;

const WORDS: Readonly<Record<JsonLimit, string>> = {
  levels: 'is nested deeper than {} levels',
  fields: 'has more than {} fields',
  entries: 'has more than {} entries',
  characters: 'is longer than {} characters',
  nameCharacters: 'has a field whose name is longer than {} characters',
};
/** A place whose pointer would be longer is told by the innermost one around it that is not: names of fields are the caller's own. */
const LONGEST_POINTER = 500;

/** @param place the steps that lead there from the body itself. */
export function beyond(limit: JsonLimit, place: readonly (string | number)[]): HubError {
  const most = JSON_LIMITS[limit];
  const words = WORDS[limit].replace('{}', String(most));
  let pointer = '';
  for (const step of place) {
    const longer = `${pointer}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (longer.length > LONGEST_POINTER) break;
    pointer = longer;
  }
  return new HubError('BODY_TOO_COMPLEX', { detail: `A part of the body ${words}.`, errors: [{ pointer, detail: words }], facts: { limit, most } });
}

/** Which limit a value breaks by itself, whatever is within it. */
function brokenBy(value: unknown): JsonLimit | undefined {
  if (typeof value === 'string') return value.length > JSON_LIMITS.characters ? 'characters' : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return value.length > JSON_LIMITS.entries ? 'entries' : undefined;
  const names = Object.keys(value);
  if (names.length > JSON_LIMITS.fields) return 'fields';
  return names.some((name) => name.length > JSON_LIMITS.nameCharacters) ? 'nameCharacters' : undefined;
}

/**
 * The first place that breaks a limit, looked for once it is known that there is one: whoever walks a good body need not
 * keep its place.
 */
export function firstBeyond(value: unknown, place: (string | number)[] = []): HubError | undefined {
  const limit = brokenBy(value);
  if (limit) return beyond(limit, place);
  if (typeof value !== 'object' || value === null) return undefined;
  const entries: Iterable<[string | number, unknown]> = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [step, inner] of entries) {
    place.push(step);
    const found = firstBeyond(inner, place);
    if (found) return found;
    place.pop();
  }
  return undefined;
}
