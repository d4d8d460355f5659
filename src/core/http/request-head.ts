import { HubError, type FieldError } from '../errors/index.js';

/** Headers that decide who calls and how a body is read: of two, a proxy might believe the one and the hub the other. */
const ONCE: ReadonlySet<string> = new Set(['authorization', 'content-type', 'content-encoding', 'idempotency-key']);
const LONGEST_ONCE = Math.max(...[...ONCE].map(({ length }) => length));
const MOST_ERRORS = 50;

/** What no URL holds (RFC 3986): a client that sends text as it is means one charset, and the hub would read another. */
const NOT_ENCODED = /[^\x21-\x7e]/;

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** What is wrong with a query before anybody asks what it means. A parser that bears everything would take `%ff` for the text `%ff`, and filter by it. */
function faultsOf(query: string): FieldError[] {
  return query.split('&').flatMap((pair): FieldError[] => {
    const end = pair.includes('=') ? pair.indexOf('=') : pair.length;
    const name = decoded(pair.slice(0, end));
    const value = decoded(pair.slice(end + 1));
    const pointer = `?${(name ?? pair.slice(0, end)).replaceAll('\0', '').slice(0, 100)}`;
    if (name === undefined || value === undefined) return [{ pointer, detail: 'is not percent-encoded UTF-8' }];
    return name.includes('\0') || value.includes('\0') ? [{ pointer, detail: 'contains the character U+0000' }] : [];
  });
}

function checkAddress(url: string): void {
  if (NOT_ENCODED.test(url)) throw new HubError('MALFORMED_REQUEST', { detail: 'The path or query holds characters that are not percent-encoded.' });
  if (!url.includes('%')) return;
  const at = url.indexOf('?');
  const errors = at < 0 ? [] : faultsOf(url.slice(at + 1)).slice(0, MOST_ERRORS);
  if (errors.length > 0) throw new HubError('MALFORMED_REQUEST', { detail: 'The query cannot be read.', errors });
  if (url.includes('%00')) throw new HubError('MALFORMED_REQUEST', { detail: 'The path contains the character U+0000.' });
}

function checkRepeated(rawHeaders: readonly string[]): void {
  let seen: Set<string> | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index] ?? '';
    if (given.length > LONGEST_ONCE) continue;
    const name = given.toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen?.has(name)) throw new HubError('MALFORMED_REQUEST', { detail: `The header ${name} was sent more than once.` });
    (seen ??= new Set()).add(name);
  }
}

/** Refuses what the address and the headers say in two ways, or in none. @throws HubError MALFORMED_REQUEST */
export function checkHead(url: string, rawHeaders: readonly string[]): void {
  checkAddress(url);
  checkRepeated(rawHeaders);
}
