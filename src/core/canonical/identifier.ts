/** Longest id of an item, location or channel, in UTF-16 code units. */
export const LONGEST_ID = 64;

// Line and paragraph separators and the invisible formatting characters are refused with control characters and lone surrogates: two
// ids that look alike on a picking list must be alike.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;

/**
 * What is wrong with an id that a retailer gives to an item, location or channel; undefined when nothing is. Ids are
 * compared byte by byte and never rewritten, so text that has two spellings is refused instead of being folded: an id
 * that was accepted is answered exactly as it was given.
 */
export function idFault(text: string): string | undefined {
  if (text.length === 0 || text.length > LONGEST_ID) return `must be 1 to ${LONGEST_ID} characters long`;
  if (UNPRINTABLE.test(text)) return 'must not contain control or invisible characters';
  if (text.trim() !== text) return 'must not begin or end with a space';
  if (text.normalize('NFC') !== text) return 'must be in Unicode normalization form C';
  if (text.includes(',')) return 'must not contain a comma, which separates ids in queries';
  if (text === '.' || text === '..') return "must not be '.' or '..', which addresses swallow";
  return undefined;
}
